package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"hikeshi/spool/lab/machine"
	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/standin/delivery"
	"hikeshi/spool/lab/standin/receiver"
)

// The units of the lab and the verbs that a program must have to be them.
const (
	ReceiverUnit = "epstrd.service"
	DeliveryUnit = "epstdd.service"
	VerbReceiver = "lab-receiver"
	VerbDelivery = "lab-delivery"
)

// units are the services of the machine of a rehearsal in one process.
func (l *Lab) units() []machine.Unit {
	unit := func(name string, run func(context.Context, standin.Config, *standin.Power, func()) error) machine.Unit {
		return machine.Unit{Name: name, Process: strings.TrimSuffix(name, ".service"), Enabled: true,
			Run: func(ctx context.Context, p *standin.Power, ready func()) error { return run(ctx, l.config, p, ready) }}
	}
	return []machine.Unit{unit(ReceiverUnit, receiver.Run), unit(DeliveryUnit, delivery.Run)}
}

// SecondNode is another host on the same spool: a machine of its own, switched off, that runs a delivery only. Its processes and units
// are unknown to Machine, as those of another host are. Scenario.Cluster makes the two deliveries share the queue.
func (l *Lab) SecondNode() *machine.Machine {
	c := l.config
	c.Computer = "mail2"
	run := func(ctx context.Context, p *standin.Power, ready func()) error { return delivery.Run(ctx, c, p, ready) }
	return machine.New(c.Root, filepath.Join(c.Root, "node2/etc/systemd/system"),
		[]machine.Unit{{Name: DeliveryUnit, Process: strings.TrimSuffix(DeliveryUnit, ".service"), Enabled: true, Run: run}})
}

// RunReceiver is the receiver as a process of its own, with the configuration of a built lab (standin.Config.File). It tells a
// service manager when it is ready (sd_notify(3)) and returns when ctx has ended.
func RunReceiver(ctx context.Context, config string) error { return run(ctx, config, receiver.Run) }

// RunDelivery is the delivery as a process of its own; see RunReceiver.
func RunDelivery(ctx context.Context, config string) error { return run(ctx, config, delivery.Run) }

func run(ctx context.Context, config string, daemon func(context.Context, standin.Config, *standin.Power, func()) error) error {
	c, err := standin.Load(config)
	if err != nil {
		return err
	}
	var unheard error
	err = daemon(ctx, c, &standin.Power{}, func() { unheard = notify("READY=1") })
	if err == nil && unheard != nil {
		err = fmt.Errorf("telling the service manager: %w", unheard)
	}
	return err
}

// notify sends a line to the service manager, if one listens.
func notify(state string) error {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(state))
	return err
}

// Units are the unit files of the lab in dir, by name: the program self (an absolute path) as the two daemons, under the names of
// the real ones in the process table.
func Units(self, dir string) map[string]string {
	c := standin.Config{Root: filepath.Clean(dir)}
	return map[string]string{
		ReceiverUnit: unitFile("E-Post receiver (stand-in)", self, "epstrd", VerbReceiver, c.File()),
		DeliveryUnit: unitFile("E-Post delivery (stand-in)", self, "epstdd", VerbDelivery, c.File()),
	}
}

func unitFile(what, self, process string, args ...string) string {
	words := []string{quote("@" + self), quote(process)}
	for _, a := range args {
		words = append(words, quote(a))
	}
	return "[Unit]\nDescription=" + what + "\n\n[Service]\nType=notify\nExecStart=" + strings.Join(words, " ") +
		"\nRestart=on-failure\nRestartSec=1\n\n[Install]\nWantedBy=multi-user.target\n"
}

// quote makes one word of a command line in a unit file of s (systemd.service(5), Command lines).
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`, `$`, `$$`).Replace(s) + `"`
}

// Enable makes the units start at every boot of the machine whose unit folder this is, as systemctl enable does.
func Enable(unitDir string) error {
	wants := filepath.Join(unitDir, "multi-user.target.wants")
	err := os.MkdirAll(wants, 0o755)
	for _, unit := range []string{ReceiverUnit, DeliveryUnit} {
		if err == nil {
			err = os.Symlink("../"+unit, filepath.Join(wants, unit))
		}
	}
	if err != nil {
		return fmt.Errorf("enabling the units of the lab: %w", err)
	}
	return nil
}
