package cloudbox_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/boxes/cloudbox"
)

// TestOVFGrammar: the descriptor is what DSP0243 allows, by testdata/ovf.rng. That
// is of fbdock's own: no Debian package and no Go module has DMTF's schema, which
// TestOVFSchema takes where there is a copy.
func TestOVFGrammar(t *testing.T) {
	t.Parallel()
	for _, system := range systems {
		for _, arch := range []string{"amd64", "arm64"} {
			path := keep(t, made(t, cloudbox.VirtualBox, system, arch)["box.ovf"])
			ask(t, "xmllint", "--nonet", "--noout", "--relaxng", "testdata/ovf.rng", path)
		}
	}
}

// TestOVFGrammarRefuses: what DMTF's schema refuses, the grammar refuses too.
func TestOVFGrammarRefuses(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skipf("xmllint is not installed to read the descriptor: %v", err)
	}
	good := string(made(t, cloudbox.VirtualBox, cloudbox.FreeBSD, "amd64")["box.ovf"])
	grammars := [][]string{{"--relaxng", "testdata/ovf.rng"}}
	if schema := os.Getenv("FBDOCK_OVF_SCHEMA"); schema != "" {
		grammars = append(grammars, []string{"--schema", schema})
	}
	between := func(first, last string) string {
		from := strings.Index(good, first)
		return good[from : strings.Index(good, last)+len(last)]
	}
	networks := between("<NetworkSection>", "</NetworkSection>")
	for name, bad := range map[string]string{
		"an attribute without its name space":     strings.Replace(good, `ovf:href=`, `href=`, 1),
		"a file without an id":                    strings.Replace(good, `ovf:id="file1" `, "", 1),
		"a size that is no number":                strings.Replace(good, `ovf:size="`, `ovf:size="-`, 1),
		"a disk without a capacity":               strings.Replace(good, `ovf:capacity=`, `ovf:populatedSize=`, 1),
		"a section without Info":                  strings.Replace(good, "<Info>The virtual disks of the package</Info>", "", 1),
		"hardware without Info":                   strings.Replace(good, "<Info>The hardware of the virtual machine</Info>", "", 1),
		"a kind of guest that is no number":       strings.Replace(good, `<OperatingSystemSection ovf:id="`, `<OperatingSystemSection ovf:id="x`, 1),
		"a section behind the virtual system":     strings.Replace(strings.Replace(good, networks, "", 1), "</VirtualSystem>", "</VirtualSystem>"+networks, 1),
		"an item whose elements are not in order": strings.Replace(good, "<rasd:InstanceID>1</rasd:InstanceID>\n        <rasd:ResourceType>3</rasd:ResourceType>", "<rasd:ResourceType>3</rasd:ResourceType>\n        <rasd:InstanceID>1</rasd:InstanceID>", 1),
		"an item without an instance":             strings.Replace(good, "<rasd:InstanceID>2</rasd:InstanceID>", "", 1),
		"an item without a name":                  strings.Replace(good, "<rasd:ElementName>2 virtual CPUs</rasd:ElementName>", "", 1),
		"a quantity that is no number":            strings.Replace(good, "<rasd:VirtualQuantity>2048<", "<rasd:VirtualQuantity>2 GB<", 1),
		"an element of its own in OVF's space":    strings.Replace(good, "<References>", "<References><Folder/>", 1),
		"two virtual systems":                     strings.Replace(good, "</VirtualSystem>", `</VirtualSystem><VirtualSystem ovf:id="y"><Info/></VirtualSystem>`, 1),
	} {
		if bad == good {
			t.Fatalf("%s: the descriptor has nothing to change", name)
		}
		path := keep(t, []byte(bad))
		for _, grammar := range grammars {
			args := append([]string{"--nonet", "--noout"}, append(grammar, path)...)
			out, err := exec.CommandContext(t.Context(), "xmllint", args...).CombinedOutput()
			if err == nil || !strings.Contains(string(out), "fails to validate") {
				t.Errorf("xmllint %s of %s: %v, want it to fail to validate\n%s", grammar[0], name, err, out)
			}
		}
	}
}

// TestOVFSchema: the descriptor is valid by DMTF's own schema, DSP8023, which
// is published at https://schemas.dmtf.org/ovf/envelope/1/ and not ours to hand
// on.
func TestOVFSchema(t *testing.T) {
	t.Parallel()
	schema := os.Getenv("FBDOCK_OVF_SCHEMA")
	if schema == "" {
		t.Skip("FBDOCK_OVF_SCHEMA does not name a copy of dsp8023_1.1.1.xsd, with what it imports beside it")
	}
	for _, system := range systems {
		for _, arch := range []string{"amd64", "arm64"} {
			path := keep(t, made(t, cloudbox.VirtualBox, system, arch)["box.ovf"])
			ask(t, "xmllint", "--nonet", "--noout", "--schema", schema, path)
		}
	}
}
