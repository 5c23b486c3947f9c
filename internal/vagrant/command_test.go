package vagrant

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/run"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	v := Vagrant{Path: "/opt/vagrant", Dir: "/p/.fbdock"}
	dev := Target{Machine: "dev", Provider: "libvirt"}
	tests := []struct {
		name string
		cmd  run.Cmd
		want string
	}{
		{"up", v.upCmd(dev, UpOptions{}), "up dev --no-destroy-on-error --no-install-provider --no-provision --provider libvirt --machine-readable"},
		{"up and provision", v.upCmd(Target{Machine: "dev"}, UpOptions{Provision: true}), "up dev --no-destroy-on-error --no-install-provider --provision --machine-readable"},
		{"reload", v.reloadCmd(dev, UpOptions{}), "reload dev --no-provision --machine-readable"},
		{"halt", v.haltCmd(dev, false), "halt dev --machine-readable"},
		{"halt hard", v.haltCmd(dev, true), "halt dev --force --machine-readable"},
		{"destroy", v.destroyCmd(dev), "destroy dev --force --machine-readable"},
		{"provision", v.provisionCmd(dev, nil), "provision dev --machine-readable"},
		{"provision with", v.provisionCmd(dev, []string{"a", "b"}), "provision dev --provision-with a,b --machine-readable"},
		{"validate", v.validateCmd(false), "validate --machine-readable"},
		{"validate without provider", v.validateCmd(true), "validate --ignore-provider --machine-readable"},
		{"status", v.statusCmd(nil), "status --machine-readable"},
		{"status of two", v.statusCmd([]Target{dev, {"ci", "docker"}}), "status dev ci --machine-readable"},
		{"ssh-config", v.sshConfigCmd(dev), "ssh-config dev --machine-readable"},
		{"plugins", v.pluginListCmd(), "plugin list --machine-readable"},
		{"version", v.versionCmd(), "--version"},
		{"ssh", v.SSHCmd(dev, "docker ps", false), "ssh dev -c 'docker ps' -- -T"},
		{"ssh on a terminal", v.SSHCmd(dev, "sh", true), "ssh dev -c sh -- -t -t"},
	}
	for _, tt := range tests {
		if got := strings.TrimPrefix(tt.cmd.String(), "/opt/vagrant "); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
	if !v.SSHCmd(dev, "sh", true).Foreground || v.upCmd(dev, UpOptions{}).Foreground {
		t.Error("Foreground of SSHCmd() and upCmd(): want true, false")
	}
	if got := (Vagrant{}).statusCmd(nil).Name; got != "vagrant" {
		t.Errorf("statusCmd() without a path: program = %q, want vagrant", got)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	v := Vagrant{Dir: "/p/.fbdock", Env: []string{
		"PATH=/bin", "HOME=/h", "VAGRANT_HOME=/big/vagrant.d", "VAGRANT_CLOUD_TOKEN=t", "VAGRANT_SERVER_URL=u",
		"VAGRANT_CWD=/other", "VAGRANT_VAGRANTFILE=Other", "VAGRANT_LOG=debug", "vagrant_log=info",
		"VAGRANT_DOTFILE_PATH=/x", "VAGRANT_DEFAULT_PROVIDER=vmware", "VAGRANT_NO_PLUGINS=1", "VAGRANT_NEWER=1",
	}}
	want := []string{
		"PATH=/bin", "HOME=/h", "VAGRANT_HOME=/big/vagrant.d", "VAGRANT_CLOUD_TOKEN=t", "VAGRANT_SERVER_URL=u",
		"VAGRANT_CHECKPOINT_DISABLE=1", "VAGRANT_BOX_UPDATE_CHECK_DISABLE=1", "VAGRANT_NO_COLOR=1",
		"VAGRANT_CWD=/p/.fbdock", "VAGRANT_DOTFILE_PATH=/p/.fbdock/.vagrant", "VAGRANT_DEFAULT_PROVIDER=docker",
	}
	if diff := cmp.Diff(want, v.Environ(Target{"dev", "docker"})); diff != "" {
		t.Errorf("Environ() differs (-want +got):\n%s", diff)
	}
	// Targets that disagree leave the provider to the machines' own blocks.
	mixed := v.statusCmd([]Target{{"a", "docker"}, {"b", "libvirt"}}).Env
	if slices.ContainsFunc(mixed, func(kv string) bool { return strings.HasPrefix(kv, "VAGRANT_DEFAULT_PROVIDER=") }) {
		t.Errorf("environment for machines of two providers = %q, want no VAGRANT_DEFAULT_PROVIDER", mixed)
	}
	if same := v.statusCmd([]Target{{"a", "docker"}, {"b", "docker"}}).Env; !slices.Contains(same, "VAGRANT_DEFAULT_PROVIDER=docker") {
		t.Errorf("environment for machines of one provider = %q, want VAGRANT_DEFAULT_PROVIDER=docker", same)
	}
}
