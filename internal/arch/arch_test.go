package arch_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/fbdock/fbdock/"

// allowed names, for every package, the packages of this module that it may
// import, and does. A new arrow is a decision: it is made here, in the open.
var allowed = map[string][]string{
	"hcl":                            {"internal/hostfile", "internal/redact"},
	"internal/hostfile":              {},
	"internal/failure":               {},
	"internal/retry":                 {},
	"internal/shellword":             {},
	"internal/privatefile":           {},
	"platforms":                      {"internal/redact", "platforms/hostshell", "platforms/placement"},
	"platforms/placement":            {},
	"platforms/hostpath":             {},
	"platforms/hostshell":            {"internal/shellword"},
	"internal/reach":                 {"internal/plan", "internal/redact"},
	"internal/untrusted":             {},
	"internal/descriptors":           {},
	"internal/diskimage":             {},
	"internal/run":                   {"internal/shellword", "internal/untrusted"},
	"internal/run/runtest":           {},
	"internal/waittest":              {},
	"internal/atomicfile":            {"internal/privatefile"},
	"internal/folderid":              {},
	"internal/state":                 {"internal/folderid", "internal/shellword", "internal/atomicfile", "internal/privatefile"},
	"internal/lockfile":              {"internal/atomicfile", "internal/hostfile"},
	"internal/localsocket":           {},
	"internal/redact":                {},
	"internal/ui":                    {"internal/failure", "internal/redact", "internal/untrusted"},
	"internal/link":                  {"internal/shellword", "internal/atomicfile", "internal/hostfile", "internal/privatefile", "internal/untrusted"},
	"internal/link/sshdtest":         {"internal/link"},
	"internal/engine":                {"internal/failure", "internal/atomicfile", "internal/hostfile", "internal/untrusted"},
	"boxes":                          {"internal/hostfile"},
	"boxes/refresh":                  {"boxes"},
	"cmd/catalogue":                  {"boxes", "boxes/refresh", "internal/atomicfile"},
	"boxes/disk":                     {},
	"boxes/disk/disktest":            {},
	"boxes/signtest":                 {},
	"boxes/cloudbox":                 {"boxes/disk", "internal/diskimage"},
	"internal/arch":                  {},
	"internal/e2e":                   {},
	"internal/lab/standin":           {},
	"internal/lab/basetest":          {},
	"internal/acceptance":            {"internal/hostfile", "internal/run", "internal/untrusted", "provision/contract"},
	"cmd/acceptance":                 {"internal/acceptance", "internal/run", "internal/untrusted"},
	"internal/plan":                  {"boxes", "hcl", "internal/failure", "internal/redact", "platforms/placement"},
	"internal/commanddocs":           {"internal/manual"},
	"internal/jail":                  {"hcl", "internal/failure", "internal/link", "internal/lockfile", "internal/machine", "internal/plan", "internal/progress", "internal/untrusted", "provision", "provision/contract"},
	"internal/manual":                {"hcl"},
	"vagrantfiles":                   {"hcl", "internal/plan"},
	"provision":                      {"internal/shellword", "hcl", "internal/plan", "internal/redact", "provision/contract"},
	"provision/contract":             {},
	"internal/vagrant":               {"internal/atomicfile", "internal/hostfile", "internal/privatefile", "internal/run", "internal/untrusted", "platforms"},
	"internal/dockercli":             {"internal/atomicfile", "internal/hostfile", "internal/run"},
	"internal/dockerflags":           {},
	"internal/remoteimage":           {},
	"internal/advice":                {"internal/remoteimage"},
	"internal/parcel":                {"internal/confine", "internal/hostfile", "internal/untrusted"},
	"internal/confine":               {},
	"internal/sftpserver":            {"internal/confine", "internal/descriptors"},
	"internal/mount":                 {"internal/link", "internal/sftpserver", "internal/untrusted", "platforms/hostpath"},
	"internal/mount/mounttest":       {"internal/link/sshdtest"},
	"internal/foldercopy":            {"internal/confine", "internal/link", "internal/mount", "internal/sftpserver", "internal/untrusted"},
	"internal/dockerpaths":           {"internal/dockerflags", "internal/hostfile", "internal/mount", "platforms/hostpath", "provision/contract"},
	"internal/datagram/datagramtest": {"internal/link", "internal/link/sshdtest"},
	"internal/datagram":              {"internal/link"},
	"internal/agent":                 {"internal/retry", "internal/failure", "internal/descriptors", "internal/link", "internal/engine", "internal/foldercopy", "internal/mount", "internal/localsocket", "internal/privatefile", "internal/untrusted"},
	"internal/agent/ports":           {"internal/agent/splice", "internal/datagram", "internal/descriptors", "internal/engine", "internal/link", "internal/retry"},
	"internal/agent/splice":          {},
	"internal/agent/uplink":          {"internal/link", "internal/retry"},
	"internal/progress":              {"internal/failure", "internal/untrusted", "provision/contract"},
	"internal/host":                  {"internal/failure", "internal/localsocket", "internal/progress", "internal/run", "internal/state"},
	"internal/fingerprint":           {},
	"internal/machine": {
		"internal/agent", "internal/engine", "internal/failure", "internal/fingerprint", "internal/foldercopy", "internal/host", "internal/link", "internal/localsocket",
		"internal/mount", "internal/plan", "internal/privatefile", "internal/progress", "internal/retry", "internal/run", "internal/state", "internal/vagrant", "provision",
		"provision/contract",
	},
	"internal/external": {
		"hcl", "internal/failure", "internal/fingerprint", "internal/host", "internal/hostfile", "internal/link", "internal/machine", "internal/plan", "internal/privatefile",
		"internal/progress", "internal/run", "internal/state", "internal/untrusted", "internal/vagrant", "provision", "provision/contract",
	},
	"internal/vagrantvm": {
		"boxes/disk", "hcl", "internal/external", "internal/failure", "internal/host", "internal/link", "internal/machine", "internal/plan", "internal/privatefile", "internal/progress",
		"internal/redact", "internal/run", "internal/state", "internal/untrusted", "internal/vagrant", "platforms", "provision",
	},
	"internal/images": {
		"boxes", "boxes/cloudbox", "internal/atomicfile", "internal/failure", "internal/fingerprint", "internal/host", "internal/hostfile", "internal/lockfile", "internal/plan",
		"internal/progress", "internal/redact", "internal/state", "internal/untrusted", "internal/vagrant",
	},
	"internal/command": {
		"hcl", "internal/agent", "internal/dockercli", "internal/dockerflags", "internal/dockerpaths", "internal/failure", "internal/host", "internal/hostfile", "internal/jail", "internal/link",
		"internal/machine", "internal/mount", "internal/parcel", "internal/plan", "internal/remoteimage", "internal/run", "internal/untrusted", "internal/vagrant",
		"internal/vagrantvm", "platforms/hostpath", "provision",
	},
	"internal/project": {
		"boxes", "hcl", "internal/agent", "internal/confine", "internal/external", "internal/failure", "internal/fingerprint", "internal/host", "internal/hostfile",
		"internal/images", "internal/lockfile", "internal/machine", "internal/plan", "internal/privatefile", "internal/reach", "internal/redact", "internal/state", "internal/vagrant",
		"internal/vagrantvm", "platforms", "platforms/hostpath", "platforms/placement", "provision", "vagrantfiles",
	},
	"internal/up": {
		"boxes/cloudbox", "internal/diskimage", "internal/failure", "internal/host", "internal/images", "internal/jail", "internal/link", "internal/lockfile", "internal/machine",
		"internal/mount", "internal/plan", "internal/progress", "internal/project", "internal/retry", "internal/state", "internal/untrusted", "internal/vagrantvm", "provision",
		"provision/contract",
	},
	"internal/serve": {
		"internal/agent", "internal/host", "internal/link", "internal/machine", "internal/privatefile", "internal/progress", "internal/project", "internal/redact",
		"internal/state", "internal/vagrant", "internal/vagrantvm",
	},
	"internal/contexts": {"internal/engine", "internal/host", "internal/machine", "internal/privatefile"},
	"internal/app": {
		"boxes", "hcl", "internal/advice", "internal/agent", "internal/command", "internal/contexts", "internal/engine", "internal/external", "internal/failure",
		"internal/host", "internal/hostfile", "internal/images", "internal/jail", "internal/link", "internal/localsocket", "internal/lockfile", "internal/machine", "internal/plan",
		"internal/privatefile", "internal/progress", "internal/project", "internal/redact", "internal/remoteimage", "internal/state", "internal/up", "internal/vagrant",
		"internal/vagrantvm", "platforms", "platforms/hostshell", "provision", "provision/contract",
	},
	"cmd/fbdock": {
		"boxes", "hcl", "internal/agent", "internal/app", "internal/atomicfile", "internal/command", "internal/contexts", "internal/commanddocs", "internal/dockercli", "internal/failure",
		"internal/host", "internal/hostfile", "internal/images", "internal/jail", "internal/link", "internal/machine", "internal/manual", "internal/plan", "internal/project", "internal/run",
		"internal/serve", "internal/state", "internal/ui", "internal/up", "internal/vagrant", "platforms", "platforms/placement", "provision/contract",
	},
}

// owners are the packages that alone may import what is dangerous to spread.
var owners = map[string][]string{
	"os/exec":                         {"internal/run", "internal/run/runtest", "internal/datagram/datagramtest", "internal/link/sshdtest", "internal/lab/standin", "internal/lab/basetest"}, // the last five are for tests
	"github.com/docker/docker/client": {"internal/engine"},
	"github.com/urfave/cli/v2":        {"cmd/fbdock"},
	"github.com/google/go-containerregistry/pkg/v1/remote": {"internal/remoteimage"},
}

type goPackage struct {
	ImportPath string
	Doc        string
	Imports    []string
}

func packages(t *testing.T, goos string) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Doc,Imports", module+"...")
	cmd.Env = append(cmd.Environ(), "GOOS="+goos)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v, want no error", err)
	}
	var list []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestArrows(t *testing.T) {
	t.Parallel()
	used := map[string]bool{} // "from to"
	for _, goos := range []string{"linux", "darwin", "windows", "freebsd"} {
		checkArrows(t, packages(t, goos), used)
	}
	for from, may := range allowed {
		for _, to := range may {
			if !used[from+" "+to] {
				t.Errorf("%s may import %s and does not, want it taken out of the map", from, to)
			}
		}
	}
}

// checkArrows holds packages against the map, and notes the arrows that it finds.
func checkArrows(t *testing.T, found []goPackage, used map[string]bool) {
	t.Helper()
	for _, p := range found {
		name := strings.TrimPrefix(p.ImportPath, module)
		may, known := allowed[name]
		if !known {
			t.Errorf("package %s is not on the map, want it in allowed with what it may import", name)
			continue
		}
		if p.Doc == "" {
			t.Errorf("package %s has no doc comment, want one", name)
		}
		for _, imported := range p.Imports {
			inner, ok := strings.CutPrefix(imported, module)
			used[name+" "+inner] = ok
			if ok && !slices.Contains(may, inner) && path.Dir(inner) != name {
				t.Errorf("%s imports %s, want only imports of the map", name, inner)
			}
			if who, guarded := owners[imported]; guarded && !slices.Contains(who, name) {
				t.Errorf("%s imports %s, want it only in %v", name, imported, who)
			}
		}
	}
}
