package servers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/standin/receiver"
)

// The addresses of a server and of who asks it.
const (
	serverIP = "192.0.2.25"
	clientIP = "198.51.100.7"
	hostName = "mail.example.jp"
)

// verbInner makes the test binary the first process of a server's namespaces.
const verbInner = "server-in-its-namespaces"

// A tree is what a server of Debian's needs to run, beside what its packages hold.
type tree struct {
	Unpacked string   // the folder of its packages
	Root     string   // an empty folder, where the tree is mounted
	Users    string   // lines for passwd
	Groups   string   // lines for group
	Setup    string   // a script for /bin/sh, run in the tree
	Daemon   []string // the server, in the foreground
	Logins   *logins  // nil: there are none
}

// A plan is what the first process is told: a tree, or the folder of the stand-in.
type plan struct {
	Tree    tree
	Standin string
}

// inner is the first process of the namespaces. It waits for the word that the network is there, starts the server, says "ready" when that
// answers, and lives until its standard input ends; all others end with it.
func inner(arg string) error {
	var p plan
	if err := json.Unmarshal([]byte(arg), &p); err != nil {
		return err
	}
	in := bufio.NewReader(os.Stdin)
	if word, err := in.ReadString('\n'); err != nil || word != "go\n" {
		return fmt.Errorf("waiting for the network: %q %v", word, err)
	}
	if err := network(); err != nil {
		return err
	}
	var err error
	if p.Standin != "" {
		err = serveStandin(p.Standin)
	} else {
		err = p.Tree.serve()
	}
	if err == nil {
		err = answers()
	}
	if err != nil {
		return err
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, in)
	return err
}

func network() error {
	if err := unix.Sethostname([]byte(hostName)); err != nil {
		return err
	}
	for _, line := range []string{"link set lo up", "addr add " + serverIP + "/32 peer " + clientIP + "/32 dev eth0", "link set eth0 up"} {
		if err := run("ip", strings.Fields(line)...); err != nil {
			return err
		}
	}
	return nil
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("running %s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// answers returns when the server greets.
func answers() error {
	var last error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", serverIP+":25")
		if err != nil {
			last = err
			continue
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		line, err := bufio.NewReader(c).ReadString('\n')
		io.WriteString(c, "QUIT\r\n")
		c.Close()
		if strings.HasPrefix(line, "220") {
			return nil
		}
		last = fmt.Errorf("the greeting is %q: %w", line, err)
	}
	return fmt.Errorf("waiting for the server: %w", last)
}

// serve makes the tree, moves into it and starts the server there.
func (t tree) serve() error {
	if err := t.mount(); err != nil {
		return err
	}
	if err := t.write(); err != nil {
		return err
	}
	log, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.Root, "dev/log"), Net: "unixgram"})
	if err != nil {
		return err
	}
	go func() { // what the server would tell syslog
		for b := make([]byte, 8192); ; {
			n, err := log.Read(b)
			if err != nil {
				return
			}
			fmt.Fprintf(os.Stderr, "%s\n", b[:n])
		}
	}()
	if err := errors.Join(os.Chmod(filepath.Join(t.Root, "dev/log"), 0o666), unix.Chroot(t.Root), os.Chdir("/")); err != nil {
		return err
	}
	if err := serveNames(); err != nil {
		return err
	}
	if err := run("/bin/sh", "-e", "-c", t.Setup); err != nil {
		return err
	}
	if t.Logins != nil {
		if err := t.Logins.serve(); err != nil {
			return err
		}
	}
	cmd := exec.Command(t.Daemon[0], t.Daemon[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { fmt.Fprintln(os.Stderr, "the server has ended:", cmd.Wait()) }()
	return nil
}

// mount makes the tree: a small disk, the programs of the machine with those of the server over them, its folders, and nothing else of the machine.
func (t tree) mount() error {
	in := func(path string) string { return filepath.Join(t.Root, path) }
	err := errors.Join(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), unix.Mount("tree", t.Root, "tmpfs", 0, "mode=0755,size=256m"))
	for path, mode := range map[string]os.FileMode{"usr": 0o755, "etc": 0o755, "proc": 0o755, "dev": 0o755, "run": 0o755, "home": 0o755, "root": 0o700, "tmp": 0o777 | os.ModeSticky} {
		err = errors.Join(err, os.Mkdir(in(path), mode), os.Chmod(in(path), mode))
	}
	for _, name := range []string{"bin", "sbin", "lib", "lib64"} {
		err = errors.Join(err, os.Symlink("usr/"+name, in(name)))
	}
	err = errors.Join(err, unix.Mount("usr", in("usr"), "overlay", unix.MS_RDONLY, "lowerdir="+t.Unpacked+"/usr:/usr"), unix.Mount("proc", in("proc"), "proc", 0, ""))
	for _, name := range []string{"null", "zero", "full", "random", "urandom"} {
		err = errors.Join(err, os.WriteFile(in("dev/"+name), nil, 0o666), unix.Mount("/dev/"+name, in("dev/"+name), "", unix.MS_BIND, ""))
	}
	if err != nil {
		return fmt.Errorf("mounting the tree: %w", err)
	}
	err = errors.Join(run("cp", "-a", t.Unpacked+"/etc/.", in("etc")), run("cp", "-a", t.Unpacked+"/var", in("var")), run("cp", "-a", "/etc/alternatives", "/etc/services", in("etc")))
	for _, path := range []string{"var/mail", "var/log", "var/lib", "var/spool"} {
		err = errors.Join(err, os.MkdirAll(in(path), 0o755))
	}
	return err
}

// write makes the files that every server reads.
func (t tree) write() error {
	users, err1 := os.ReadFile("/usr/share/base-passwd/passwd.master")
	groups, err2 := os.ReadFile("/usr/share/base-passwd/group.master")
	err := errors.Join(err1, err2)
	for name, text := range map[string]string{
		"passwd":        string(users) + "taro:x:1000:1000::/home:/bin/sh\n" + t.Users,
		"group":         string(groups) + "taro:x:1000:\n" + t.Groups,
		"hosts":         "127.0.0.1 localhost\n" + serverIP + " " + hostName + " mail\n",
		"hostname":      hostName + "\n",
		"mailname":      "example.jp\n",
		"aliases":       "postmaster: root\nmailer-daemon: postmaster\n",
		"resolv.conf":   "nameserver 127.0.0.1\n",
		"nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
	} {
		err = errors.Join(err, os.WriteFile(filepath.Join(t.Root, "etc", name), []byte(text), 0o644))
	}
	return err
}

// serveStandin runs the stand-in for E-Post on loopback and lets clients of port 25 through to it, as whom they are.
func serveStandin(dir string) error {
	c := standin.Config{Root: dir, Rate: 1}
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- receiver.Run(context.Background(), c, &standin.Power{}, func() { close(ready) }) }()
	select {
	case err := <-ended:
		return err
	case <-ready:
	}
	to, err := os.ReadFile(c.Address())
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", serverIP+":25")
	if err != nil {
		return err
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go pass(client, string(to))
		}
	}()
	return nil
}

func pass(client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	peer := client.RemoteAddr().(*net.TCPAddr).AddrPort().Addr()
	fmt.Fprintf(server, "LAB-PEER %s\r\n", peer)
	go func() {
		io.Copy(server, client)
		server.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(client, server)
}
