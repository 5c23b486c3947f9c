package vagrant

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	const out = `1,dev,metadata,provider,libvirt
1,,ui,info,Current machine states:\n\ndev running (libvirt)
1,dev,provider-name,libvirt
1,dev,state,running
1,dev,state-human-short,running
1,dev,state-human-long,The Libvirt domain is running. To stop this machine%!(VAGRANT_COMMA) halt.
1,ci,provider-name,virtualbox
1,ci,state,not_created
`
	got, err := Vagrant{Runner: &script{replies: []reply{{stdout: out}}}}.Status(t.Context())
	want := map[string]Status{
		"dev": {"dev", "libvirt", Running, "running", "The Libvirt domain is running. To stop this machine, halt."},
		"ci":  {"ci", "virtualbox", NotCreated, "not_created", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Status(): error = %v, want none; status differs (-want +got):\n%s", err, diff)
	}
}

func TestNormalise(t *testing.T) {
	t.Parallel()
	tests := map[string]State{
		"running": Running, "started": Running, "Running": Running,
		"poweroff": Stopped, "shutoff": Stopped, "off": Stopped, "stopped": Stopped, "not_running": Stopped, "aborted": Stopped,
		"saved": Suspended, "suspended": Suspended, "paused": Suspended,
		"saving": Changing, "starting": Changing,
		"not_created":    NotCreated,
		"gurumeditation": Broken, "inaccessible": Broken, "stuck": Broken, "unknown": Broken, "": Broken,
	}
	for raw, want := range tests {
		if got := Normalise(raw); got != want {
			t.Errorf("%q is %s, want %s", raw, got, want)
		}
	}
}

func TestSSHConfigPrefersThePlainBlock(t *testing.T) {
	t.Parallel()
	const block = "Host dev\n  HostName 127.0.0.1\n  IdentityFile \"C:/Users/new a/key\"\n  ProxyCommand C:\\new\\x\n"
	both := "1,dev,metadata,provider,x\n1,dev,ssh-config," + escape(block) + "\n" + block + "\n"
	got, err := Vagrant{Runner: &script{replies: []reply{{stdout: both}}}}.SSHConfig(t.Context(), dev)
	if string(got) != block || err != nil {
		t.Errorf("SSHConfig() with a plain block = %q, %v, want %q", got, err, block)
	}
	event := "1,dev,ssh-config,Host dev\\n  Port 22\\n\n"
	got, err = Vagrant{Runner: &script{replies: []reply{{stdout: event}}}}.SSHConfig(t.Context(), dev)
	if want := "Host dev\n  Port 22\n"; string(got) != want || err != nil {
		t.Errorf("SSHConfig() with only an event = %q, %v, want %q", got, err, want)
	}
}

func TestPlugins(t *testing.T) {
	t.Parallel()
	const out = "1,,ui,info,vagrant-libvirt (0.11.2%!(VAGRANT_COMMA) system)\n1,,plugin-name,vagrant-libvirt\n" +
		"1,vagrant-libvirt,plugin-version,0.11.2%!(VAGRANT_COMMA) system\n1,,plugin-name,vagrant-qemu\n1,vagrant-qemu,plugin-version,0.4.1\n"
	got, err := Vagrant{Runner: &script{replies: []reply{{stdout: out}}}}.Plugins(t.Context())
	if diff := cmp.Diff(map[string]string{"vagrant-libvirt": "0.11.2", "vagrant-qemu": "0.4.1"}, got); diff != "" || err != nil {
		t.Errorf("Plugins(): error = %v, want none; plugins differ (-want +got):\n%s", err, diff)
	}
}
