package vagrant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"

	version "github.com/hashicorp/go-version"

	"github.com/fbdock/fbdock/internal/run"
	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/platforms"
)

// Version asks vagrant for its version, which takes about half a second.
func (v Vagrant) Version(ctx context.Context) (*version.Version, error) {
	c := v.versionCmd()
	timed, cancel := context.WithTimeout(ctx, cmp.Or(v.VersionTimeout, versionTimeout))
	defer cancel()
	res, err := v.runner().Run(timed, c)
	if err != nil && ctx.Err() == nil && timed.Err() != nil {
		return nil, &Error{Command: "--version", Kind: ErrHung, Err: err,
			Next: "run `vagrant --version` by hand: it should answer within a second or two"}
	}
	if err != nil {
		return nil, failure("--version", output{}, err)
	}
	parsed, err := parseVersion(res.Stdout)
	if err != nil {
		return nil, &Error{Command: "--version", Kind: ErrRubbish, Text: fmt.Sprintf("%.80q", untrusted.FirstLine(string(res.Stdout))), Err: err,
			Next: fmt.Sprintf("see that %s is HashiCorp's Vagrant, version %s or newer", c.Name, platforms.VagrantFloor)}
	}
	return parsed, nil
}

// parseVersion finds the line "Vagrant 2.4.9"; gems may warn before it. A
// version under development counts as what it will be.
func parseVersion(out []byte) (*version.Version, error) {
	m := regexp.MustCompile(`(?m)^Vagrant (\d{1,4}\.\d{1,4}\.\d{1,4})(?:[.-][0-9A-Za-z.-]+)?\r?$`).FindSubmatch(out)
	if m == nil {
		return nil, errors.New("no line with a version")
	}
	return version.NewVersion(string(m[1]))
}

// Check refuses a Vagrant that cannot do the job. plugins says whether the
// provider comes as a plugin.
func Check(v *version.Version, plugins bool) error {
	if v.LessThan(version.Must(version.NewVersion(platforms.VagrantFloor))) {
		return &Error{Command: "--version", Kind: ErrTooOld, Text: fmt.Sprintf("%s, but %s is the oldest that works", v, platforms.VagrantFloor),
			Next: "update Vagrant: https://developer.hashicorp.com/vagrant/install"}
	}
	if plugins && v.Equal(version.Must(version.NewVersion(platforms.VagrantNoPlugins))) {
		return &Error{Command: "--version", Kind: ErrKnownBad, Text: platforms.VagrantNoPlugins + " cannot install plugins (hashicorp/vagrant#13534)",
			Next: "update Vagrant to " + platforms.VagrantPlugins + " or newer"}
	}
	return nil
}

// Find gives the path of vagrant: on PATH, or where Windows' installer puts
// it and PATH does not have it until the next login.
func Find(goos string) (string, error) {
	path, err := run.LookPath("vagrant")
	if err == nil || goos != "windows" {
		return path, err
	}
	for _, dir := range []string{`C:\Program Files\Vagrant\bin`, `C:\HashiCorp\Vagrant\bin`} {
		if path, err := run.LookPath(filepath.Join(dir, "vagrant.exe")); err == nil {
			return path, nil
		}
	}
	return "", err
}
