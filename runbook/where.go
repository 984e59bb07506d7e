package runbook

import (
	"path"
	"strings"
)

// many is from how many files of one folder on these are told together.
const many = 3

// Where says where a finding can be seen, for a reader: of several files of one folder, as of a log with one for each day, the folder,
// how many there are, the first and the last. The record has each of them.
func (f Finding) Where() Text {
	files := strings.Split(f.Evidence, " ")
	var folders []string
	in := map[string][]string{}
	for _, file := range files {
		dir, name := path.Split(file)
		if !strings.HasPrefix(file, "/") || name == "" {
			return T(f.Evidence, f.Evidence) // no list of files
		}
		if in[dir] == nil {
			folders = append(folders, dir)
		}
		in[dir] = append(in[dir], name)
	}
	if len(files) < many {
		return T(f.Evidence, f.Evidence)
	}
	var en, ja []string
	for _, dir := range folders {
		names := in[dir]
		if n := len(names); n >= many {
			span := names[0] + " - " + names[n-1]
			folder := strings.TrimSuffix(dir, "/")
			some := Tf("%s: %d files, %s", "%s: %d ファイル、%s", folder, n, span)
			if days(names) {
				some = Tf("%s: %d days, %s", "%s: %d 日分、%s", folder, n, span)
			}
			en, ja = append(en, some.EN), append(ja, some.JA)
			continue
		}
		for _, name := range names {
			en, ja = append(en, dir+name), append(ja, dir+name)
		}
	}
	return T(strings.Join(en, "; "), strings.Join(ja, "; "))
}

// days says whether files are called after days, each after another one.
func days(names []string) bool {
	seen := map[string]bool{}
	for _, name := range names {
		day, _, _ := strings.Cut(name, ".")
		if len(day) != len("261121") || strings.Trim(day, "0123456789") != "" || seen[day] {
			return false
		}
		seen[day] = true
	}
	return true
}
