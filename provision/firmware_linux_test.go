package provision_test

import (
	"strings"
	"testing"
)

// TestFirmware: bhyve gets the code and variables of its own, which stay with
// the machine over a restart and not over a new image.
func TestFirmware(t *testing.T) {
	t.Parallel()
	const (
		code = "bootrom,/usr/local/share/uefi-firmware/BHYVE_UEFI_CODE.fd,/var/db/fbdock/uefi-vars.fd"
		show = "grep -o 'bootrom,[^ ]*' /var/log/fbdock-engine.log | tail -n 1; cat /var/db/fbdock/uefi-vars.fd; stat -f %Lp /var/db/fbdock/uefi-vars.fd"
	)
	m := labMachine()
	g, out := play(t, m, "", until+show+"\necho boot entries >>/var/db/fbdock/uefi-vars.fd; service fbdock onerestart >/dev/null; until_ runs; echo --- restarted\n"+show)
	first, restarted, _ := strings.Cut(out, "--- restarted\n")
	mustSay(t, g, first, "status 0\n"+code+"\nedk2-bhyve\n600\n")
	if restarted != code+"\nedk2-bhyve\nboot entries\n600\n" {
		t.Errorf("firmware after a restart of the engine = %q, want %s with its boot entries and mode 600", restarted, code)
	}
	m.Engine.Image.Name = "alpine-3.25"
	mustSay(t, g, change(t, g, m, "", show), "status 0\n"+code+"\nedk2-bhyve\n600\n")
	g, out = play(t, labMachine(), "pkg install -y edk2-bhyve >/dev/null; rm /usr/local/share/uefi-firmware/BHYVE_UEFI_CODE.fd", show+" 2>&1")
	mustSay(t, g, out, "status 0\nbootrom,/usr/local/share/uefi-firmware/BHYVE_UEFI.fd\n")
}
