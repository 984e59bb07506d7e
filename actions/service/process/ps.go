package process

import (
	"path"
	"strconv"
	"strings"
)

// MatchPS reads one line of `ps -o pid=,stat=,ucomm=,args=`:
//
//	812 Ss   epstdd           /usr/local/mta/bin/epstdd -d
//
// and says whether it is a running process of that name, by its name or its first argument.
func MatchPS(line, name string) (pid int, ok bool) {
	f := strings.Fields(line)
	if len(f) < 3 || strings.HasPrefix(f[1], "Z") {
		return 0, false
	}
	pid, err := strconv.Atoi(f[0])
	return pid, err == nil && (f[2] == name || len(f) > 3 && path.Base(f[3]) == name)
}
