package cloudbox_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/boxes/cloudbox"
	"github.com/fbdock/fbdock/boxes/disk"
	"github.com/fbdock/fbdock/boxes/disk/disktest"
)

// systems are what boxes are made of, each with an image of it.
var systems = []string{cloudbox.FreeBSD, cloudbox.Alpine}

// sourced is the boxes of a system and an architecture, and an image for them.
func sourced(t *testing.T, system, architecture string, size int64, formats ...cloudbox.Format) ([]cloudbox.Box, []byte) {
	t.Helper()
	var list []cloudbox.Box
	for _, format := range formats {
		b := box(format)
		if system == cloudbox.Alpine {
			b = alpineBox(size)
			b.Format = format
		}
		b.Source.Architecture, b.Size = architecture, size
		list = append(list, b)
	}
	if system == cloudbox.Alpine {
		image := alpineImage()
		if architecture == "arm64" {
			copy(image[1030*disk.Sector:], "BOOTAA64EFI")
		}
		return list, image
	}
	return list, compressed(t, disktest.CloudImage())
}

// made is what a box of a format, a system and an architecture holds, by name.
func made(t *testing.T, format cloudbox.Format, system, architecture string) map[string][]byte {
	t.Helper()
	list, image := sourced(t, system, architecture, 1<<30, format)
	paths, err := cloudbox.Write(t.Context(), list, file(t, image), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return unpacked(t, paths[0])
}

func keep(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "descriptor")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func ask(t *testing.T, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed to read the descriptor: %v", program, err)
	}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v, want no error\n%s", program, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestOVF: what libxml2 finds in the descriptor is what DSP0243 asks of it:
// each reference leads to something, and the disk is the one in the box.
func TestOVF(t *testing.T) {
	t.Parallel()
	for of, kind := range map[[2]string][2]string{
		{cloudbox.FreeBSD, "amd64"}: {"FreeBSD_64", "78"}, {cloudbox.FreeBSD, "arm64"}: {"FreeBSD_arm64", "78"},
		{cloudbox.Alpine, "amd64"}: {"Linux26_64", "101"}, {cloudbox.Alpine, "arm64"}: {"Linux_arm64", "101"},
	} {
		files := made(t, cloudbox.VirtualBox, of[0], of[1])
		vmdk := of[0] + "-disk001.vmdk"
		path := keep(t, files["box.ovf"])
		xpath := func(expression string) string {
			// local-name() saves declaring the five name spaces.
			return ask(t, "xmllint", "--nonet", "--xpath", expression, path)
		}
		for expression, want := range map[string]string{
			`string(//*[local-name()="File"]/@*[local-name()="href"])`:                                                                                vmdk,
			`string(//*[local-name()="File"]/@*[local-name()="size"])`:                                                                                strconv.Itoa(len(files[vmdk])),
			`string(//*[local-name()="Disk"]/@*[local-name()="capacity"])`:                                                                            strconv.Itoa(1 << 30),
			`count(//*[local-name()="Disk"][@*[local-name()="fileRef"]=//*[local-name()="File"]/@*[local-name()="id"]])`:                              "1",
			`concat("/disk/", //*[local-name()="Disk"]/@*[local-name()="diskId"]) = string(//*[local-name()="HostResource"])`:                         "true",
			`count(//*[local-name()="Item"]/*[local-name()="InstanceID"][not(. = ../preceding-sibling::*/*[local-name()="InstanceID"])])`:             "5",
			`count(//*[local-name()="Parent"][. = //*[local-name()="InstanceID"][../*[local-name()="ResourceType"]=20]])`:                             "1",
			`count(//*[local-name()="Connection"][. = //*[local-name()="Network"]/@*[local-name()="name"]])`:                                          "1",
			`string(//*[local-name()="OSType"])`:                                                                                                      kind[0],
			`string(//*[local-name()="OperatingSystemSection"]/@*[local-name()="id"])`:                                                                kind[1],
			`count(/*[local-name()="Envelope" and namespace-uri()="http://schemas.dmtf.org/ovf/envelope/1"])`:                                         "1",
			`count(//*[local-name()="DiskSection" or local-name()="NetworkSection" or contains(local-name(), "System")][*[1][local-name()!="Info"]])`: "1", // System of the hardware
		} {
			if got := xpath(expression); got != want {
				t.Errorf("OVF file of %s: %s = %q, want %q", of, expression, got, want)
			}
		}
	}
}

// TestVMX: each line is a setting, none comes twice, and the disk is the one
// in the box.
func TestVMX(t *testing.T) {
	t.Parallel()
	for of, guest := range map[[2]string]string{
		{cloudbox.FreeBSD, "amd64"}: "freebsd-64", {cloudbox.FreeBSD, "arm64"}: "arm-other-64",
		{cloudbox.Alpine, "amd64"}: "other4xlinux-64", {cloudbox.Alpine, "arm64"}: "arm-other-64",
	} {
		arch := of[1]
		files := made(t, cloudbox.VMware, of[0], arch)
		settings := map[string]string{}
		for line := range strings.Lines(string(files[of[0]+".vmx"])) {
			name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " = ")
			text, err := strconv.Unquote(value)
			if _, twice := settings[name]; !ok || err != nil || twice {
				t.Errorf("VMX file of %s has the line %q, want NAME = \"VALUE\", each name once", arch, line)
			}
			settings[name] = text
		}
		if settings["guestOS"] != guest || files[settings["sata0:0.fileName"]] == nil || settings["firmware"] != map[string]string{"arm64": "efi"}[arch] {
			t.Errorf("VMX file of %s: settings = %v, want guestOS %s, the disk's file and the firmware", arch, settings, guest)
		}
	}
}

// TestPlist: Python's reader of property lists finds all that UTM decodes
// without a default, and the disk is the one in the bundle.
func TestPlist(t *testing.T) {
	t.Parallel()
	for of, machine := range map[[2]string][2]string{
		{cloudbox.FreeBSD, "amd64"}: {"x86_64", "q35"}, {cloudbox.FreeBSD, "arm64"}: {"aarch64", "virt"},
		{cloudbox.Alpine, "amd64"}: {"x86_64", "q35"}, {cloudbox.Alpine, "arm64"}: {"aarch64", "virt"},
	} {
		arch := of[1]
		files := made(t, cloudbox.UTM, of[0], arch)
		path := keep(t, files["box.utm/config.plist"])
		var plist struct {
			Backend              string
			ConfigurationVersion int
			System               struct{ Architecture, Target string }
			Drive                []struct{ Identifier, ImageName, Interface string }
			Network              []struct{ Mode, MacAddress string }
			Information          struct{ UUID string }
		}
		text := ask(t, "python3", "-c", "import json, plistlib, sys; json.dump(plistlib.load(open(sys.argv[1], 'rb')), sys.stdout)", path)
		if err := json.Unmarshal([]byte(text), &plist); err != nil {
			t.Fatal(err)
		}
		if plist.Backend != "QEMU" || plist.ConfigurationVersion != 4 || [2]string{plist.System.Architecture, plist.System.Target} != machine {
			t.Errorf("plist of %s = %+v, want backend QEMU, version 4 and the system %q", arch, plist, machine)
		}
		// The plugin wants these two, in this order, where it is not told of a card;
		// cloud-init configures one of Alpine's.
		modes := map[string]bool{}
		for _, card := range plist.Network {
			modes[card.MacAddress] = card.Mode == "Emulated"
		}
		want := map[string]int{cloudbox.FreeBSD: 2, cloudbox.Alpine: 1}[of[0]]
		if n := len(plist.Network); n != want || len(modes) != n || plist.Network[n-1].Mode != "Emulated" || n == 2 && plist.Network[0].Mode != "Shared" {
			t.Errorf("plist of %v: networks = %+v, want %d with different addresses, the last one Emulated, Shared before it", of, plist.Network, want)
		}
		if len(plist.Drive) != 1 || files["box.utm/Data/"+plist.Drive[0].ImageName] == nil || plist.Drive[0].Identifier == plist.Information.UUID {
			t.Errorf("plist of %s: drives = %+v, want one whose image is in the box", arch, plist.Drive)
		}
	}
}

// TestFullDiskOfBoxes: a conversion for which the disk is too small is one
// error and leaves nothing, and the next run succeeds once there is room.
func TestFullDiskOfBoxes(t *testing.T) {
	t.Parallel()
	const child = "CLOUDBOX_TEST_FOLDER"
	if folder := os.Getenv(child); folder != "" {
		paths, err := cloudbox.Write(t.Context(), all(1<<30), file(t, compressed(t, disktest.CloudImage())), folder, nil)
		left, _ := os.ReadDir(folder)
		fmt.Printf("boxes %d, left %d, error %v\n", len(paths), len(left), err)
		return
	}
	script := `mount -t tmpfs -o size=$1 none "$2" && export CLOUDBOX_TEST_FOLDER=$2 && "$3" -test.run='^TestFullDiskOfBoxes$' &&
mount -o remount,size=64m "$2" && "$3" -test.run='^TestFullDiskOfBoxes$'`
	for _, size := range []string{"100k", "1m"} {
		cmd := exec.CommandContext(t.Context(), "unshare", "-m", "sh", "-c", script, "sh", size, t.TempDir(), os.Args[0])
		out, err := cmd.CombinedOutput()
		if err != nil && !strings.Contains(string(out), "boxes ") {
			t.Skipf("a small file system cannot be mounted here: %v %s", err, out)
		}
		full, room, _ := strings.Cut(string(out), "PASS")
		if err != nil || strings.Count(full, "no space left on device") != 1 || !strings.Contains(full, "boxes 0, left 0, error make a box of ") ||
			!strings.Contains(room, "boxes 5, left 5, error <nil>") {
			t.Errorf("with %s, then with room: %v\n%s\nwant one error and nothing left, then 5 boxes", size, err, out)
		}
	}
}
