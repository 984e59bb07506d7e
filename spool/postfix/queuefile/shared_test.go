package queuefile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// shared returns the path of a folder of the shared test data beside the module, or skips.
func shared(t *testing.T, elem ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(append([]string{filepath.Dir(dir), "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "shared") {
			t.Fatalf("the shared test data is required: %v", err)
		}
		t.Skipf("the shared test data is not beside the module: %v", err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// names are the words of postcat -o for the types of records.
var names = map[byte]string{'C': "message_size", 'T': "message_arrival_time", 'A': "named_attribute", 'F': "sender_fullname", 'S': "sender", 'O': "original_recipient", 'R': "recipient",
	'D': "done_recipient", '/': "canceled_recipient", 'p': "pointer_record", 'N': "regular_text", 'w': "padding", '>': "redirect_to", 'L': "content_filter"}

// listing is a file as postcat -ov prints it, but for the name of the file and the form of times.
func listing(file []byte) (string, error) {
	var b strings.Builder
	err := Records(bytes.NewReader(file), int64(len(file)), func(r Record) error {
		switch data := string(r.Data); r.Type {
		case 'M':
			fmt.Fprintf(&b, "%9d *** MESSAGE CONTENTS\n", r.Offset)
		case 'X':
			fmt.Fprintf(&b, "%9d *** HEADER EXTRACTED\n", r.Offset)
		case 'E':
			fmt.Fprintf(&b, "%9d *** MESSAGE FILE END\n", r.Offset)
		case 'A':
			if rest, ok := strings.CutPrefix(data, "create_time="); ok {
				fmt.Fprintf(&b, "%9d create_time: %s\n", r.Offset, rest)
				return nil
			}
			fmt.Fprintf(&b, "%9d named_attribute: %s\n", r.Offset, data)
		case 'c':
			fmt.Fprintf(&b, "%9d create_time: %s\n", r.Offset, data)
		case 'T':
			sec, _, _ := strings.Cut(data, " ")
			fmt.Fprintf(&b, "%9d message_arrival_time: %s\n", r.Offset, sec)
		default:
			name := names[r.Type]
			if name == "" {
				return fmt.Errorf("type %q", r.Type)
			}
			fmt.Fprintf(&b, "%9d %s: %s\n", r.Offset, name, data)
		}
		return nil
	})
	return b.String(), err
}

// bare takes the names of files and the form of times out of a listing of postcat.
func bare(text, zone string) (string, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		for _, name := range []string{"message_arrival_time: ", "create_time: "} {
			if before, after, ok := strings.Cut(line, name); ok {
				at, err := time.ParseInLocation("Mon Jan _2 15:04:05 2006", after, loc)
				if err != nil {
					return "", err
				}
				line = before + name + strconv.FormatInt(at.Unix(), 10)
			}
		}
		if i := strings.Index(line, "*** "); i >= 0 {
			for _, what := range []string{"MESSAGE CONTENTS", "HEADER EXTRACTED", "MESSAGE FILE END"} {
				if strings.HasPrefix(line[i+4:], what) {
					line = line[:i+4] + what
				}
			}
			if strings.Contains(line, "ENVELOPE RECORDS") {
				continue
			}
		}
		b.WriteString(line + "\n")
	}
	return b.String(), nil
}

// TestAsPostcat: every public queue file, those that a milter has edited too, reads record by record as postcat -ov prints it.
func TestAsPostcat(t *testing.T) {
	root := shared(t, "corpora", "postfix-queue")
	n := 0
	for pattern, zone := range map[string]string{"cleanup/*.ov": "UTC", "postcat/*.ov": "UTC", "edited/*.queue": "America/New_York"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			file, list := strings.TrimSuffix(path, ".ov"), path
			if strings.HasSuffix(path, ".queue") {
				file, list = path, strings.TrimSuffix(path, ".queue")
			}
			want, err := bare(string(read(t, list)), zone)
			if err != nil {
				t.Fatal(err)
			}
			got, err := listing(read(t, file))
			if err != nil || got != want {
				t.Errorf("%s: %v\n%s\nwant\n%s", filepath.Base(file), err, got, want)
			}
			n++
		}
	}
	if n != 93 {
		t.Errorf("%d files, want 93", n)
	}
}

// TestEnvelopes: what is told of the envelope is what the records say, in whatever place they stand; the content is passed over.
func TestEnvelopes(t *testing.T) {
	root := shared(t, "corpora", "postfix-queue")
	files, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range files {
		file := read(t, path)
		if len(file) == 0 || file[0] != 'C' {
			continue
		}
		n++
		m, err := Read(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
			continue
		}
		sender, rcpts := "", []string{}
		err = Records(bytes.NewReader(file), int64(len(file)), func(r Record) error {
			switch r.Type {
			case 'S':
				sender = string(r.Data)
			case 'R', 'D', '/':
				rcpts = append(rcpts, string(r.Data))
			}
			return nil
		})
		var got []string
		for _, r := range m.Recipients {
			got = append(got, r.Address)
		}
		if err != nil || m.Sender != sender || !m.Known || strings.Join(got, ",") != strings.Join(rcpts, ",") || m.Total != len(rcpts) || m.Arrived.IsZero() || m.Created.IsZero() || m.Content == 0 {
			t.Errorf("%s: %+v; sender %q, recipients %q, %v", filepath.Base(path), m, sender, rcpts, err)
		}
	}
	if n < 93 {
		t.Errorf("%d files", n)
	}
}

// TestBroken: a file that was cut anywhere is told to be cut or broken, with the offset; one byte that is not as it was never makes anything
// worse than an error.
func TestBroken(t *testing.T) {
	file := read(t, filepath.Join(shared(t, "corpora", "postfix-queue"), "cleanup", "bug1.file.ref"))
	for n := range 1103 { // behind the end record stands only what pointers in the content lead to
		_, err := Read(bytes.NewReader(file[:n]), int64(n))
		if err == nil || !strings.Contains(err.Error(), "offset ") {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if _, _, err := Text(bytes.NewReader(file[:n]), int64(n), 1<<20); err == nil && n < 654 {
			t.Fatalf("cut at %d, and there is a text", n)
		}
	}
	for i := range file {
		for _, c := range []byte{0, 'E', 'p', 0xff, file[i] ^ 1} {
			changed := bytes.Clone(file)
			changed[i] = c
			m, err := Read(bytes.NewReader(changed), int64(len(changed)))
			if err == nil && m.Total > 5 {
				t.Errorf("byte %d as %q: %d recipients", i, c, m.Total)
			}
		}
	}
	if _, err := Read(bytes.NewReader(file[:600]), 600); !errors.Is(err, ErrIncomplete) {
		t.Errorf("%v", err)
	}
}

// TestText: the content as postcat -b and -h print it.
func TestText(t *testing.T) {
	root := filepath.Join(shared(t, "corpora", "postfix-queue"), "postcat")
	file := read(t, filepath.Join(root, "test-queue-file"))
	text, more, err := Text(bytes.NewReader(file), int64(len(file)), 1<<20)
	if want := read(t, filepath.Join(root, "bh_test.ref")); err != nil || more || string(text) != string(want) {
		t.Errorf("%v %v\n%s\nwant\n%s", more, err, text, want)
	}
	if text, more, err := Text(bytes.NewReader(file), int64(len(file)), 10); err != nil || !more || len(text) != 10 {
		t.Errorf("%q, %v, %v", text, more, err)
	}
}
