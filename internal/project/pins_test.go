package project_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
)

func projectWith(t *testing.T, config, lock string) (project.Loaded, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{hcl.FileName: config, lockfile.Name: lock} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	published, err := boxes.Default()
	if err != nil {
		t.Fatal(err)
	}
	return project.Load(t.Context(), project.Options{
		Dir: dir, Env: host.Env{Environ: []string{"XDG_STATE_HOME=" + t.TempDir()}}, Catalogue: images.Catalogue{Catalogue: published},
		HostFacts: plan.Host{Architecture: "amd64", CPUs: 4},
	})
}

const libvirtMachine = "machine \"dev\" {\n  provider = \"libvirt\"\n}\n"

func TestPinnedImageIsUsed(t *testing.T) {
	t.Parallel()
	digest := strings.Repeat("ab", 64)
	pin := func(url string) string {
		return "image \"alpine-3.24\" \"amd64\" {\n  url = \"" + url + "\"\n  sha512 = \"" + digest + "\"\n}\n"
	}
	loaded, err := projectWith(t, libvirtMachine, "")
	if err != nil || loaded.Project == nil {
		t.Fatalf("projectWith() = %v, diagnostics %v, want a project", err, loaded.Diagnostics)
	}
	fresh := loaded.Project.Plan.Machines[0].Engine.Image
	if fresh.SHA512 == digest || len(fresh.URLs) < 2 {
		t.Fatalf("image without a pin = %+v, want the catalogue's digest and 2 or more addresses", fresh)
	}
	for _, tt := range []struct {
		url  string
		urls int
	}{
		{fresh.URLs[1], len(fresh.URLs)},   // a mirror of the same file
		{"https://example.org/old.img", 1}, // the catalogue has moved on
	} {
		loaded, err := projectWith(t, libvirtMachine, pin(tt.url))
		if err != nil || loaded.Project == nil {
			t.Fatalf("projectWith() = %v, diagnostics %v, want a project", err, loaded.Diagnostics)
		}
		got := loaded.Project.Plan.Machines[0].Engine.Image
		if got.SHA512 != digest || len(got.URLs) != tt.urls || filepath.Base(got.URLs[0]) != filepath.Base(tt.url) {
			t.Errorf("image pinned to %s = %+v, want the digest %s and %d addresses", tt.url, got, digest, tt.urls)
		}
	}
}

func TestBrokenLockFileStopsEverything(t *testing.T) {
	t.Parallel()
	_, err := projectWith(t, libvirtMachine, "image {")
	if _, ok := errors.AsType[*lockfile.SyntaxError](err); !ok || failure.Status(err) != failure.ExitUsage {
		t.Errorf("Load() with a broken lock file: error = %v, status %d, want a SyntaxError with status %d", err, failure.Status(err), failure.ExitUsage)
	}
}

// Vagrant knows a box by name and version. The name is one for all projects,
// so the version has to be that of the image which this project has pinned
// (issue 12, line 3).
func TestOwnBoxIsThatOfThePinnedImage(t *testing.T) {
	t.Parallel()
	text := func(digest string) string {
		t.Helper()
		lock := ""
		if digest != "" {
			lock = "cloud_image \"freebsd-15.1-zfs\" \"amd64\" {\n  url = \"https://download.freebsd.org/x\"\n  sha512 = \"" + digest + "\"\n}\n"
		}
		loaded, err := projectWith(t, "machine \"dev\" {\n  provider    = \"libvirt\"\n  box_version = \"~> 15.1\"\n}\n", lock)
		if err != nil || loaded.Project == nil {
			t.Fatalf("projectWith() = %v, diagnostics %v, want a project", err, loaded.Diagnostics)
		}
		vagrantfile, err := loaded.Project.Vagrantfile()
		if err != nil {
			t.Fatal(err)
		}
		return string(vagrantfile)
	}
	version := regexp.MustCompile(`machine\.vm\.box_version = "(15\.1\.1\.[0-9]{30,})"`)
	one, other := version.FindString(text(strings.Repeat("ab", 64))), version.FindString(text(strings.Repeat("cd", 64)))
	if one == "" || other == "" || one == other {
		t.Errorf("box versions of two images = %q, %q, want two different ones", one, other)
	}
	unpinned := text("")
	if strings.Contains(unpinned, "box_version =") {
		t.Errorf("Vagrantfile has the user's version of a box that fbdock makes, want none:\n%s", unpinned)
	}
	if !strings.Contains(unpinned, ".invalid/") {
		t.Errorf("Vagrantfile asks the public registry for a box of fbdock's own, want an .invalid/ address:\n%s", unpinned)
	}
}
