package engine_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/engine"
)

func TestContexts(t *testing.T) {
	t.Parallel()
	c := engine.Contexts{Dir: filepath.Join(t.TempDir(), "docker")}
	if name, err := c.Current(); name != "" || err != nil {
		t.Errorf("Current() without a configuration = %q, %v, want \"\"", name, err)
	}
	for _, want := range []bool{true, false} {
		if changed, err := c.Put("fbdock-dev", "a test", "unix:///x/docker.sock"); changed != want || err != nil {
			t.Errorf("changed %v, %v; want %v", changed, err, want)
		}
	}
	if !c.Exists("fbdock-dev") || c.Exists("other") || !c.Exists("") {
		t.Errorf("Exists() of fbdock-dev, other and \"\" = %v, %v, %v, want true, false, true",
			c.Exists("fbdock-dev"), c.Exists("other"), c.Exists(""))
	}
	if err := c.Use("fbdock-dev"); err != nil {
		t.Fatal(err)
	}
	if name, err := c.Current(); name != "fbdock-dev" || err != nil {
		t.Errorf("Current() after Use(fbdock-dev) = %q, %v, want fbdock-dev", name, err)
	}
	if err := c.Use(""); err != nil {
		t.Fatal(err)
	}
	if name, _ := c.Current(); name != "" {
		t.Errorf("Current() after Use(\"\") = %q, want \"\"", name)
	}
	if err := c.Remove("fbdock-dev"); err != nil || c.Exists("fbdock-dev") {
		t.Errorf("Remove(fbdock-dev) = %v, want no error and the context removed", err)
	}
}

// TestConfigurationOfOthersStays: everything else in config.json, its mode,
// and the link that it may be.
func TestConfigurationOfOthersStays(t *testing.T) {
	t.Parallel()
	dir, dotfiles := t.TempDir(), t.TempDir()
	real := filepath.Join(dotfiles, "docker.json")
	if err := os.WriteFile(real, []byte(`{"auths":{"r":{"auth":"eA=="}},"currentContext":"mine","big":12345678901234567890}`), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, filepath.Join(dir, "config.json")); err != nil {
		t.Skip(err)
	}
	c := engine.Contexts{Dir: dir}
	if err := c.Use("other"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(real)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]json.RawMessage
	if err := json.Unmarshal(data, &config); err != nil || string(config["currentContext"]) != `"other"` ||
		string(config["big"]) != "12345678901234567890" || !strings.Contains(string(config["auths"]), "eA==") {
		t.Errorf("configuration after Use(other) = %s, %v, want currentContext other and the rest unchanged", data, err)
	}
	if info, err := os.Stat(real); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("Stat() of the configuration = %v, %v, want mode 0640 as before", info, err)
	}
	if err := os.WriteFile(real, []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Use("x"); err == nil {
		t.Error("Use(x) with a broken configuration = nil, want an error")
	}
}

// TestDockerReadsOurContexts asks the real CLI, where there is one.
func TestDockerReadsOurContexts(t *testing.T) {
	t.Parallel()
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Skip(err)
	}
	c := engine.Contexts{Dir: t.TempDir()}
	if _, err := c.Put("fbdock-dev", "machine dev", "unix:///x/docker.sock"); err != nil {
		t.Fatal(err)
	}
	if err := c.Use("fbdock-dev"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), docker, "context", "ls", "--format", "{{.Name}} {{.Current}} {{.DockerEndpoint}} {{.Description}}")
	cmd.Env = []string{"DOCKER_CONFIG=" + c.Dir, "HOME=" + t.TempDir()}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "fbdock-dev true unix:///x/docker.sock machine dev") {
		t.Errorf("docker context ls: %v, want fbdock-dev as the current context\n%s", err, out)
	}
}
