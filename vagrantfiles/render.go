// Package vagrantfiles turns a plan into the one Vagrantfile of a project: a
// file that a person can read, and keep on the day they leave fbdock. It
// never runs anything and never writes a file, and no value of the user
// reaches Ruby but through quote.
package vagrantfiles

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"github.com/fbdock/fbdock/internal/plan"
)

// The two scripts that Vagrant's own provisioners run.
var (
	//go:embed stage.sh
	stageScript string
	//go:embed install.sh
	installScript string
)

// ErrNoVM says that no machine of the plan is one that Vagrant makes.
var ErrNoVM = errors.New("all machines are on computers of your own: there is nothing for Vagrant to make")

// Options are what the plan does not say.
type Options struct {
	// Images gives, by the name of the machine, the engine image's file on
	// the host. Only Vagrant's own provisioners and a provider without boxes
	// need it.
	Images map[string]string
}

const header = `# -*- mode: ruby -*-
# Written by fbdock from fbdock.hcl: changes made here are lost at the next
# "fbdock up". It needs no fbdock to work. To go on without, keep this folder
# and run, in it:
#
#   vagrant up          makes the FreeBSD guests and sets them up
#   vagrant provision   brings an existing one up to date
#   vagrant ssh NAME    logs in; docker is there
#
# The folder NAME/guest holds what is run in the guest: plain sh, read
# NAME/guest/install.sh first. It has private keys in it: do not publish it.

Vagrant.require_version ">= 2.3.4"

`
const siblingHeader = `# A machine here has its engine as a VM beside it. fbdock sets the two up over
# SSH: without it this file starts and stops them, and has no provisioners.

`

const architectures = `# Vagrant knows architectures of boxes since 2.4.
box_architectures = Gem::Version.new(Vagrant::VERSION) >= Gem::Version.new("2.4.0")

`

const preamble = `Vagrant.configure("2") do |config|
  # Vagrant's guesses about an unknown guest fail on FreeBSD: there is no
  # bash, and none of the shared folders works on every host.
  config.vm.guest = :freebsd
  config.ssh.shell = "sh"
  config.vm.synced_folder ".", "/vagrant", disabled: true
  config.vm.box_check_update = false
  config.vm.post_up_message = ""

  # Left out on purpose:
  #   vm.hostname, vm.network   Vagrant's FreeBSD support rewrites rc.conf and
  #                             counts bridge0 and tap0 as network cards
  #   vm.disk                   Vagrant deletes such a disk with its line
`

// Render writes the Vagrantfile of all machines of p that are VMs.
func Render(p plan.Plan, o Options) ([]byte, error) {
	machines := slices.DeleteFunc(slices.Clone(p.Machines), plan.Machine.OwnComputer)
	if len(machines) == 0 {
		return nil, ErrNoVM
	}
	f := &file{}
	f.raw(header)
	if slices.ContainsFunc(machines, func(m plan.Machine) bool { return m.Engine.Sibling() }) {
		f.raw(siblingHeader)
	}
	if slices.ContainsFunc(machines, hasArchitecture) {
		f.raw(architectures)
	}
	f.raw(preamble)
	f.depth = 1
	for _, m := range machines {
		provider, err := providerOf(m)
		if err != nil {
			return nil, fmt.Errorf("render machine %s: %w", m.Name, err)
		}
		f.blank()
		if m.Engine.Sibling() && len(machines) == 1 {
			f.open("config.vm.define %s, primary: true do |machine|", quote(m.Name))
		} else {
			f.open("config.vm.define %s do |machine|", quote(m.Name))
		}
		box(f, vm{Machine: m}, provider)
		if linked(m) && provider.network != nil {
			provider.network(f, cardOf(m, false))
		}
		f.blank()
		f.open("machine.vm.provider %s do |v|", quote(m.Provider))
		provider.settings(f, vm{Machine: m})
		if linked(m) && provider.card != nil {
			provider.card(f, cardOf(m, false))
		}
		f.end()
		if m.Engine.Sibling() {
			f.end()
			sibling(f, m, provider, o.Images[m.Name])
			continue
		}
		f.blank()
		provisioners(f, m, o.Images[m.Name])
		f.end()
	}
	f.depth = 0
	f.line("end")
	return f.bytes(), nil
}

// nowhere is an address that never exists (RFC 6761, 6.4). Without one
// Vagrant would ask the public registry for a box that is not here, where
// anybody may publish one under this name. Vagrant's error shows the host.
const nowhere = "https://run-fbdock-up-to-make-this-box.invalid/"

func hasArchitecture(m plan.Machine) bool {
	p, err := providerOf(m)
	return err == nil && !p.boxless && m.Box.Architecture != ""
}

// box writes what is said to Vagrant itself rather than to a provider.
func box(f *file, m vm, p provider) {
	if !p.boxless {
		f.line("machine.vm.box = %s", quote(m.Box.Name))
		if m.Box.Version != "" {
			f.line("machine.vm.box_version = %s", quote(m.Box.Version))
		}
		if m.Box.Own {
			f.comment("fbdock makes this box. Nobody else is asked for one of this name.")
			f.line("machine.vm.box_url = %s", quote(nowhere))
		}
		if m.Box.URL != "" {
			f.line("machine.vm.box_url = %s", quote(m.Box.URL))
		}
		if m.Box.File != "" {
			f.line("machine.vm.box_url = %s", quote(m.Box.File))
			f.line("machine.vm.box_download_checksum = %s", quote(m.Box.SHA256))
			f.line(`machine.vm.box_download_checksum_type = "sha256"`)
		}
		if hasArchitecture(m.Machine) {
			f.line("machine.vm.box_architecture = %s if box_architectures", quote(m.Box.Architecture))
		}
	}
	if m.Box.BootTimeout > 0 {
		if !p.boxless && !m.engine {
			f.comment("The first boot of a FreeBSD box may patch itself and restart.")
		}
		f.line("machine.vm.boot_timeout = %d", m.Box.BootTimeout)
	}
	if p.machine != nil {
		p.machine(f, m)
	}
}

// provisioners let `vagrant provision` do what fbdock does over its own
// connection. All are idempotent: Vagrant's "once" is noted before the run,
// so an interrupted one would never be repeated.
func provisioners(f *file, m plan.Machine, image string) {
	f.open("machine.vm.provision %s, type: %s, run: %s, privileged: false, inline: <<~'SH'",
		quote("fbdock-stage"), quote("shell"), quote("always"))
	f.heredoc(stageScript)
	f.line("machine.vm.provision %s, type: %s, run: %s,", quote("fbdock-files"), quote("file"), quote("always"))
	f.line("  source: File.expand_path(%s, __dir__), destination: %s", quote(m.Name+"/guest"), quote("/tmp/fbdock-guest"))
	if image != "" {
		f.line("engine_image = %s", quote(image))
		f.open("if File.file?(engine_image)")
		f.line("machine.vm.provision %s, type: %s, run: %s,", quote("fbdock-image"), quote("file"), quote("once"))
		f.line("  source: engine_image, destination: %s", quote("/tmp/fbdock-image.qcow2"))
		f.end()
	}
	f.open("machine.vm.provision %s, type: %s, run: %s, inline: <<~'SH'",
		quote("fbdock"), quote("shell"), quote("always"))
	f.heredoc(installScript)
}
