//go:build unix && !linux

package disk

import "errors"

func mountTmpfs(string, string) error { return errors.ErrUnsupported }

func remountReadOnly(string) error { return errors.ErrUnsupported }
