package systemd

import "syscall"

// errGone is what reading a control group gives that was removed meanwhile.
const errGone = syscall.ENODEV
