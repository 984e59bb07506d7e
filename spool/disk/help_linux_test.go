package disk

import "golang.org/x/sys/unix"

func mountTmpfs(path, options string) error {
	return unix.Mount("hikeshi-test", path, "tmpfs", 0, options)
}

func remountReadOnly(path string) error {
	return unix.Mount("", path, "", unix.MS_REMOUNT|unix.MS_RDONLY, "")
}
