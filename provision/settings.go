package provision

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/redact"
)

// Setting is one thing that a configuration decides about its guests beside
// fbdock's own steps: what a user agrees to before it is applied on a
// computer of theirs.
type Setting struct {
	// Name is where it stands, as in "engine.memory".
	Name string
	// Text is the value as it is shown, without passwords.
	Text string
	// Script is the text of a script, "" for other settings.
	Script string
	// Digest names the value, passwords included.
	Digest string
}

// Settings are all that the configuration decides of the payload, the very
// values that Render is given: every field of the plan that is set counts, so
// that none can be forgotten. Left out are secrets, which fbdock makes, and
// where the catalogue's image is from, which fbdock's own version decides.
func Settings(m plan.Machine, in Inputs) []Setting {
	m.Notes = nil
	m.Engine.Proxy = proxyOf(m, in)
	if m.Engine.Image.Path == "" {
		m.Engine.Image = plan.Image{Name: m.Engine.Image.Name, Architecture: m.Engine.Image.Architecture}
	}
	scripts := slices.Clone(m.Provisions)
	m.Jails = slices.Clone(m.Jails)
	for i, j := range m.Jails {
		for _, p := range j.Provisions {
			p.On = "jail " + j.Name
			scripts = append(scripts, p)
		}
		m.Jails[i].Provisions = nil
	}
	certificates := m.Engine.CACertificates
	m.Provisions, m.Engine.CACertificates = nil, nil
	s := &settings{}
	s.walk("", reflect.ValueOf(m))
	for i, bundle := range in.CACertificates {
		name := fmt.Sprintf("engine.ca_certificates.%d", i)
		text := bundle.String()
		if i < len(certificates) {
			text = certificates[i] + ", " + text
		}
		s.add(Setting{Name: name, Text: text, Digest: digestOf(name, string(bundle.pem))})
	}
	if m.Engine.Image.Path != "" {
		s.set("engine.image.sha512", in.ImageSHA512)
	}
	slices.SortStableFunc(s.all, func(a, b Setting) int { return strings.Compare(a.Name, b.Name) })
	for i, p := range scripts {
		name := fmt.Sprintf("provision.%d.%s", i, p.Name)
		text := fmt.Sprintf("script %q on %s, %s", p.Name, p.On, scriptSize(p.Inline))
		s.add(Setting{Name: name, Text: text, Script: p.Inline, Digest: digestOf(name, p.Name, p.On, p.Inline)})
	}
	return s.all
}

// ScriptDigest names the text of a script.
func ScriptDigest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func scriptSize(text string) string {
	lines := "1 line"
	if n := strings.Count(strings.TrimSuffix(text, "\n"), "\n"); n > 0 {
		lines = fmt.Sprintf("%d lines", n+1)
	}
	return lines + ", sha256 " + ScriptDigest(text)[:16]
}

func digestOf(parts ...string) string {
	var b bytes.Buffer
	for _, p := range parts {
		b.WriteString(strconv.Quote(p))
	}
	return ScriptDigest(b.String())
}

type settings struct{ all []Setting }

func (s *settings) add(one Setting) { s.all = append(s.all, one) }

func (s *settings) set(name, value string) {
	if value != "" {
		s.add(Setting{Name: name, Text: redact.URL(redact.Text(value)), Digest: digestOf(name, value)})
	}
}

// walk adds all that is set in v, by the names of its JSON. Not by the JSON
// itself, which leaves passwords out.
func (s *settings) walk(name string, v reflect.Value) {
	if !v.IsValid() || v.IsZero() {
		return
	}
	switch x := v.Interface().(type) {
	case netip.Addr, netip.Prefix, hcl.Size, time.Duration:
		s.set(name, fmt.Sprint(x))
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		s.walk(name, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if tag != "-" {
				s.walk(join(name, cmp.Or(tag, field.Name)), v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			s.element(join(name, strconv.Itoa(i)), v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			s.element(join(name, fmt.Sprint(key.Interface())), v.MapIndex(key))
		}
	default:
		s.set(name, fmt.Sprint(v.Interface()))
	}
}

// element is walk for what counts also when it is empty or false: a list with
// it is another list than without.
func (s *settings) element(name string, v reflect.Value) {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		s.walk(name, v)
	case reflect.Map, reflect.Slice:
		if v.Len() > 0 {
			s.walk(name, v)
			return
		}
		s.set(name, "empty "+v.Kind().String())
	case reflect.Interface:
		s.set(name, "null")
	default:
		text := fmt.Sprint(v.Interface())
		if text == "" {
			s.add(Setting{Name: name, Text: `""`, Digest: digestOf(name, "")})
		}
		s.set(name, text)
	}
}

func join(name, part string) string {
	if name == "" {
		return part
	}
	return name + "." + part
}
