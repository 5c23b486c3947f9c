package project

import (
	"context"
	"path/filepath"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/hostfile"
)

// MachineNames are the names of the machines in the configuration, as far as
// they can be read: nothing is evaluated, and what is wrong is not told.
func (o Options) MachineNames(ctx context.Context) []string {
	file, err := o.Find()
	if err != nil {
		return nil
	}
	src, err := hostfile.ReadWithin(ctx, filepath.Dir(file), filepath.Base(file), hcl.MaxFileSize)
	if err != nil {
		return nil
	}
	return hcl.MachineNames(src)
}
