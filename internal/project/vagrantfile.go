package project

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/fbdock/fbdock/internal/fingerprint"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/vagrantfiles"
)

// WriteVagrantfile renders the one file of all machines, so that no command
// that calls Vagrant finds an old one. Vagrant looks for the folders that
// its provisioners would send, whether it is to run them or not.
func (p *Project) WriteVagrantfile() ([]byte, error) {
	for _, m := range p.Plan.Machines {
		if err := p.State.Machine(m.Name).Make(); err != nil {
			return nil, err
		}
	}
	text, err := p.Vagrantfile()
	if errors.Is(err, vagrantfiles.ErrNoVM) {
		return nil, nil // then no command calls Vagrant
	}
	if err != nil {
		return nil, err
	}
	old, err := privatefile.Read(p.State.Vagrantfile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the Vagrantfile: %w", err)
	}
	if string(old) == string(text) {
		return text, nil
	}
	return text, p.State.Write(p.State.Vagrantfile(), text)
}

// Vagrantfile is the rendered Vagrantfile of the project.
func (p *Project) Vagrantfile() ([]byte, error) {
	images := map[string]string{}
	for _, m := range p.Plan.Machines {
		images[m.Name] = p.ImagePath(m)
	}
	return vagrantfiles.Render(p.Plan, vagrantfiles.Options{Images: images})
}

// checkVagrantfile lets Vagrant run the Vagrantfile when it is what fbdock
// renders now, which it is after this.
func (p *Project) checkVagrantfile() error {
	text, err := p.WriteVagrantfile()
	if err != nil {
		return err
	}
	return state.CheckVagrantfile(p.State.Path(), fingerprint.Hex(text))
}

// VagrantDigest tells when a VM was started from another Vagrantfile. The
// engine image is left out: the guest's steps bring it, by its own digest.
func (p *Project) VagrantDigest(m plan.Machine) (string, error) {
	if m.OwnComputer() {
		return "", nil
	}
	text, err := vagrantfiles.Render(p.Plan, vagrantfiles.Options{})
	return fingerprint.Hex(text), err
}

// NothingToRender tells that no machine is one that Vagrant makes.
func NothingToRender(err error) bool { return errors.Is(err, vagrantfiles.ErrNoVM) }
