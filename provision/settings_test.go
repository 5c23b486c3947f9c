package provision_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/provision"
)

// everything is a machine with every field set.
func everything() (plan.Machine, provision.Inputs) {
	m := machine()
	m.Host, m.Box, m.Forward, m.Notes = "ssh://me@metal", plan.Box{Name: "b", Version: "1"}, netip.MustParseAddr("192.0.2.1"), []string{"note"}
	m.Engine.DNS = []netip.Addr{netip.MustParseAddr("192.0.2.53")}
	m.Engine.RegistryMirrors, m.Engine.InsecureRegistries = []string{"https://mirror"}, []string{"registry:5000"}
	m.Engine.InsecureTCP, m.Engine.Proxy = true, redact.Proxy{HTTP: "http://me:secret@proxy:3128", HTTPS: "http://proxy:3128", No: "a"}
	m.Engine.Daemon = map[string]any{"debug": true, "labels": []any{"a", ""}, "empty": []any{}, "off": false, "none": nil, "deep": map[string]any{"x": "y"}}
	m.Engine.CACertificates = []string{"/ca.pem"}
	m.Engine.Bridge, m.Engine.Tap = "bridge77", "tap77"
	m.Mounts[0].Exclude = []string{"*.o"}
	m.JailNetwork = netip.MustParsePrefix("10.79.0.0/24")
	m.Jails = []plan.Jail{{
		Name: "web", Release: "14.2", Hostname: "web.example", Address: netip.MustParseAddr("10.79.0.10"), Packages: []string{"jq"},
		Mounts: []plan.JailMount{{Source: "/home/me/src", Target: "/src", Mount: "/home/me/src"}}, Memory: 512 * hcl.MiB, CPUs: 1, Allow: []string{"raw_sockets"},
		Provisions: []plan.Provision{{Name: "tools", On: "jail", Inline: "echo tools"}},
	}}
	return m, provision.Inputs{Secrets: fixedSecrets(), ImageSHA512: digest(), CACertificates: []provision.Bundle{companyBundle()}, Proxy: redact.Proxy{No: "b"}}
}

func settingsText(m plan.Machine, in provision.Inputs) string {
	var b strings.Builder
	for _, s := range provision.Settings(m, in) {
		fmt.Fprintf(&b, "%s: %s (%s)\n", s.Name, s.Text, s.Digest)
	}
	return b.String()
}

// TestSettingsCoverThePayload changes each value of the plan and of the inputs
// and compares: what changes the payload has to change what is agreed to.
func TestSettingsCoverThePayload(t *testing.T) {
	t.Parallel()
	changed, jails := 0, map[string]bool{}
	for _, at := range leaves(t) {
		m, in := everything()
		base, err := provision.Render(m, in)
		if err != nil {
			t.Fatal(err)
		}
		before := settingsText(m, in)
		if !at.change(&m, &in) {
			continue
		}
		after, err := provision.Render(m, in)
		if err != nil {
			continue // not a value that reaches a guest
		}
		if base.Hash() == after.Hash() {
			continue
		}
		changed++
		if name, is := strings.CutPrefix(at.name, "m.Jails[0]."); is {
			jails[name] = true
		}
		if settingsText(m, in) == before {
			t.Errorf("Settings() after a change of %s: no difference, want one because the payload changed", at.name)
		}
	}
	for _, name := range []string{
		"Name", "Release", "Hostname", "Address", "Packages[0]", "Mounts[0].Source", "Mounts[0].Target", "Mounts[0].ReadOnly", "Memory", "CPUs", "Boot", "Allow shortened",
		"Provisions[0].Inline",
	} {
		if !jails[name] {
			t.Errorf("a change of %s of a jail changes no payload, want one that does", name)
		}
	}
	if changed < 30 {
		t.Errorf("%d values change the payload, want 30 or more", changed)
	}
}

type leaf struct {
	name   string
	change func(*plan.Machine, *provision.Inputs) bool
}

// leaves are ways to change one value each. Secrets and the catalogue's image
// are left out, as Settings does.
func leaves(t *testing.T) []leaf {
	t.Helper()
	m, in := everything()
	var all []leaf
	var walk func(name string, v reflect.Value, find func(*plan.Machine, *provision.Inputs) reflect.Value)
	walk = func(name string, v reflect.Value, find func(*plan.Machine, *provision.Inputs) reflect.Value) {
		if strings.HasSuffix(name, ".Secrets") || strings.HasSuffix(name, ".ImageSHA512") || strings.HasSuffix(name, ".CACertificates") && strings.HasPrefix(name, "m.") {
			return
		}
		switch v.Interface().(type) {
		case provision.Bundle:
			all = append(all, leaf{name, func(m *plan.Machine, in *provision.Inputs) bool {
				find(m, in).Set(reflect.ValueOf(provision.Bundle{}))
				return true
			}})
			return
		case netip.Addr, netip.Prefix:
			all = append(all, leaf{name, func(m *plan.Machine, in *provision.Inputs) bool {
				switch x := find(m, in).Addr().Interface().(type) {
				case *netip.Addr:
					*x = x.Next()
				case *netip.Prefix:
					*x = netip.PrefixFrom(x.Addr(), x.Bits()+1)
				}
				return true
			}})
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(name+"."+v.Type().Field(i).Name, v.Field(i), func(m *plan.Machine, in *provision.Inputs) reflect.Value { return find(m, in).Field(i) })
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(fmt.Sprintf("%s[%d]", name, i), v.Index(i), func(m *plan.Machine, in *provision.Inputs) reflect.Value { return find(m, in).Index(i) })
			}
			all = append(all, leaf{name + " shortened", func(m *plan.Machine, in *provision.Inputs) bool {
				s := find(m, in)
				if s.Len() == 0 {
					return false
				}
				s.Set(s.Slice(0, s.Len()-1))
				return true
			}})
		case reflect.Map:
			for _, key := range v.MapKeys() {
				all = append(all, leaf{fmt.Sprintf("%s[%v]", name, key), func(m *plan.Machine, in *provision.Inputs) bool {
					find(m, in).SetMapIndex(key, reflect.ValueOf("another"))
					return true
				}}, leaf{fmt.Sprintf("%s without %v", name, key), func(m *plan.Machine, in *provision.Inputs) bool {
					find(m, in).SetMapIndex(key, reflect.Value{})
					return true
				}})
			}
		default:
			all = append(all, leaf{name, func(m *plan.Machine, in *provision.Inputs) bool { return mutate(find(m, in)) }})
		}
	}
	walk("m", reflect.ValueOf(m), func(m *plan.Machine, _ *provision.Inputs) reflect.Value { return reflect.ValueOf(m).Elem() })
	walk("in", reflect.ValueOf(in), func(_ *plan.Machine, in *provision.Inputs) reflect.Value { return reflect.ValueOf(in).Elem() })
	return all
}

func mutate(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		text := v.String()
		if last := strings.TrimRight(text, "0123456789"); last != text { // of what has a form, as a release
			text = last + map[bool]string{true: "0", false: "1"}[!strings.HasSuffix(text, "0")]
			v.SetString(text)
			return true
		}
		v.SetString(text + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int:
		v.SetInt(v.Int() + 1)
	case reflect.Uint64:
		v.SetUint(v.Uint() + uint64(hcl.MiB))
	case reflect.Uint8:
		v.SetUint(v.Uint() ^ 1)
	default:
		return false
	}
	return true
}

func TestSettings(t *testing.T) {
	t.Parallel()
	m, in := everything()
	text := settingsText(m, in)
	for _, want := range []string{
		"engine.memory: 2GiB (", `provision.0.tools: script "tools" on freebsd, 1 line, sha256 `, "mounts.0.source: /home/me/src (",
		"engine.daemon.debug: true (", "engine.daemon.off: false (", "engine.daemon.none: null (", `engine.daemon.labels.1: "" (`,
		"engine.insecure_tcp: true (", "engine.ca_certificates.0: /ca.pem, 1 certificate (", "engine.proxy.http: http://***@proxy:3128 (",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("Settings() =\n%s\nwant %q in it", text, want)
		}
	}
	if strings.Contains(text, "secret") || strings.Contains(text, "note") {
		t.Errorf("Settings() =\n%s\nwant no password and no notes in it", text)
	}
	m.Engine.Proxy.HTTP = "http://me:other@proxy:3128"
	if settingsText(m, in) == text {
		t.Error("Settings() with another proxy password: no difference, want one")
	}
	// What a newer fbdock knows of its own image is no news to the user.
	one := provision.Settings(m, in)
	m.Engine.Image.URLs, m.Engine.Image.SHA512, m.Notes = []string{"https://x"}, "abc", nil
	if !slices.Equal(one, provision.Settings(m, in)) {
		t.Error("Settings() with another URL of the catalog's image: a difference, want none")
	}
	m.Engine.Image.Path = "/own.qcow2"
	own := settingsText(m, in)
	in.ImageSHA512 = strings.Repeat("f", 128)
	if settingsText(m, in) == own {
		t.Error("Settings() with another image of the user: no difference, want one")
	}
}
