package provision

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision/contract"
)

// reserved are the keys of daemon.json by which fbdock reaches dockerd and
// keeps its data; a user's value would cut it off.
var reserved = []string{"hosts", "tls", "tlsverify", "tlscacert", "tlscert", "tlskey", "data-root", "exec-root", "pidfile"}

// Versions of dockerd from which on a setting is known to it; on an unknown
// key it refuses to start. The engine's own script picks by `dockerd --version`.
const (
	daemonAny     = 20
	daemonProxies = 23 // "proxies"
	daemonMinAPI  = 29 // "min-api-version"; the containerd image store is the default
)

// liveRestore keeps containers running while dockerd is not.
const liveRestore = "live-restore"

// LiveRestore tells whether the machine's dockerd has live-restore, which
// excludes swarm mode.
func LiveRestore(m plan.Machine) bool {
	set, ok := m.Engine.Daemon[liveRestore]
	return !ok || set == true
}

// daemonJSON is daemon.json for a dockerd of that major version or later.
func daemonJSON(m plan.Machine, in Inputs, major int) (string, error) {
	e := m.Engine
	d := map[string]any{
		"hosts":      []string{"unix://" + contract.DockerSocket, contract.EngineURL(e.Address)},
		"tls":        true,
		"tlsverify":  true,
		"tlscacert":  "/etc/docker/tls/ca.pem",
		"tlscert":    "/etc/docker/tls/cert.pem",
		"tlskey":     "/etc/docker/tls/key.pem",
		"data-root":  "/var/lib/docker",
		"log-driver": "json-file",
		"log-opts":   map[string]any{"max-size": "10m", "max-file": "3"},
		// Docker's own default is false. Containers would stop whenever `up`
		// restarts dockerd, for a new certificate or setting (setup.sh).
		liveRestore: true,
	}
	if major >= daemonMinAPI {
		// The floor of today's engines: clients in libraries lag behind for years.
		d["min-api-version"] = "1.24"
	} else {
		d["storage-driver"] = "overlay2"
	}
	if p := proxyOf(m, in); major >= daemonProxies && p.HTTP+p.HTTPS != "" {
		d["proxies"] = proxies(p.HTTP, p.HTTPS, p.No)
	}
	setList(d, "registry-mirrors", e.RegistryMirrors)
	setList(d, "insecure-registries", e.InsecureRegistries)
	if len(e.DNS) > 0 {
		d["dns"] = e.DNS
	}
	if err := mergeUser(d, e.Daemon, major); err != nil {
		return "", err
	}
	out, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return "", fmt.Errorf("engine.daemon: %w", err)
	}
	return string(out) + "\n", nil
}

func proxies(http, https, no string) map[string]any {
	p := map[string]any{}
	for k, v := range map[string]string{"http-proxy": http, "https-proxy": https, "no-proxy": no} {
		if v != "" {
			p[k] = v
		}
	}
	return p
}

func setList(d map[string]any, key string, values []string) {
	if len(values) > 0 {
		d[key] = values
	}
}

// mergeUser puts the user's settings last; a value of theirs replaces the
// whole of ours.
func mergeUser(d, user map[string]any, major int) error {
	for _, key := range slices.Sorted(maps.Keys(user)) {
		if slices.Contains(reserved, key) {
			return fmt.Errorf("engine.daemon: %q is set by fbdock, which reaches dockerd by it", key)
		}
		if key == "min-api-version" && major < daemonMinAPI || key == "proxies" && major < daemonProxies {
			continue
		}
		d[key] = user[key]
	}
	driver, _ := d["log-driver"].(string)
	// Other drivers refuse our options.
	if _, own := user["log-opts"]; !own && driver != "json-file" && driver != "local" {
		delete(d, "log-opts")
	}
	return nil
}
