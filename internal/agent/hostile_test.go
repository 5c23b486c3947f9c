//go:build linux

package agent_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/waittest"
)

// hostileDockerd answers what each test sets.
type hostileDockerd struct {
	*httptest.Server
	authority string // file of its certificate

	mu           sync.Mutex
	list, events http.HandlerFunc
	told         *atomic.Bool // all of the events
}

func startHostileDockerd(t *testing.T) *hostileDockerd {
	t.Helper()
	d := &hostileDockerd{authority: filepath.Join(t.TempDir(), "ca.pem"), told: &atomic.Bool{}}
	d.Server = httptest.NewTLSServer(d)
	t.Cleanup(func() {
		d.CloseClientConnections()
		d.Close()
	})
	write(t, d.authority, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.Certificate().Raw})))
	return d
}

func (d *hostileDockerd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	list, events, told := d.list, d.events, d.told
	listed := strings.HasSuffix(r.URL.Path, "/containers/json")
	d.mu.Unlock()
	w.Header().Set("Api-Version", "1.41")
	switch {
	case listed && list != nil:
		list(w, r)
	case listed:
		_, _ = io.WriteString(w, "[]")
	case strings.HasSuffix(r.URL.Path, "/events"):
		_ = http.NewResponseController(w).Flush()
		if events != nil {
			events(w, r)
			told.Store(true)
		}
		<-r.Context().Done()
	default:
		_, _ = io.WriteString(w, "OK")
	}
}

func (d *hostileDockerd) answer(list, events http.HandlerFunc) {
	d.mu.Lock()
	d.list, d.events, d.told = list, events, &atomic.Bool{}
	d.told.Store(events == nil)
	d.mu.Unlock()
	d.CloseClientConnections() // the events begin anew
}

// times writes head and then text again and again.
func times(n int, head string, text func(i int) string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.WriteString(w, head)
		var chunk strings.Builder
		for i := 0; err == nil && i < n; i++ {
			if chunk.WriteString(text(i)); chunk.Len() >= 64<<10 || i == n-1 {
				_, err = io.WriteString(w, chunk.String())
				chunk.Reset()
			}
		}
	}
}

func always(text string) func(int) string { return func(int) string { return text } }

// maxHostile is what an agent may take of memory, whatever dockerd answers,
// in KiB. With a dockerd that behaves it takes some 20 MiB.
const maxHostile = 64 << 10

// TestHostileDockerd: whatever dockerd answers, the agent takes little memory
// and few descriptors, answers itself, and forwards what is in order.
func TestHostileDockerd(t *testing.T) {
	d := startHostileDockerd(t)
	p := startAlone(t, startSSHD(t), d.Listener.Addr().String(), d.authority)
	p.wait(t, func(s agent.Status) bool { return s.PortsError == "" })
	_, before := p.memory(t)
	block := strings.Repeat("x", 64<<10)
	for _, test := range []struct {
		name         string
		list, events http.HandlerFunc
		want         func(agent.Status) bool
	}{
		{"one GiB of a list", times(1<<14, `[{"Image":"`, always(block)), nil, tells("larger than 1 MiB")},
		{"one GiB of labels", times(1<<27, `[{"Labels":{"a":""`, always(`,"a":""`)), nil, tells("larger than 24 MiB")},
		{"one event without an end", nil, times(1<<12, `{"Type":"`, always(block)), tells("")},
		{"events without an end", nil, times(1<<24, "", always("{}\n")), tells("")},
		{"every port", times(64512, `[{"Id":"aa11","Names":["/all"],"Ports":[{}`, func(i int) string {
			return fmt.Sprintf(`,{"IP":"0.0.0.0","PrivatePort":%d,"PublicPort":%[1]d,"Type":"tcp"}%s`, 1024+i, strings.Repeat("]}]", i/64511))
		}), nil, func(s agent.Status) bool {
			return len(s.Ports) == 1 && s.Ports[0].Count == 64512 && s.Ports[0].Error != ""
		}},
		{"256 ports of UDP", times(256, `[{"Id":"aa11","Names":["/udp"],"Ports":[{}`, func(i int) string {
			return fmt.Sprintf(`,{"IP":"0.0.0.0","PrivatePort":%d,"PublicPort":%[1]d,"Type":"udp"}%s`, 40000+i, strings.Repeat("]}]", i/255))
		}), nil, func(s agent.Status) bool { return len(s.Ports) == 256 }},
		{"a million containers", times(1_000_000, `[{}`, func(i int) string {
			return fmt.Sprintf(`,{"Id":"%d"}%s`, i, strings.Repeat("]", i/999_999))
		}), nil, tells("")},
		{"containers with ports", times(1_000_000, `[{}`, func(i int) string {
			return fmt.Sprintf(`,{"Id":"%d","Ports":[{"PublicPort":%d,"Type":"tcp"}]}`, i, 1+i%65535)
		}), nil, tells("more than 10000 containers")},
		{"deep JSON", times(1<<24, `[{"x":`, always(`[`)), nil, tells("more than 32 levels")},
		{"a header without an end", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: ")
			for i := 0; err == nil && i < 1<<14; i++ {
				_, err = io.WriteString(conn, block)
			}
		}, nil, tells("headers exceeded")},
	} {
		d.answer(test.list, test.events)
		p.wait(t, func(s agent.Status) bool { return test.want(s) && d.told.Load() })
		now, peak := p.memory(t)
		t.Logf("%s: %d KiB, at most %d KiB so far (%d before), %d descriptors", test.name, now, peak, before, p.descriptors(t))
		if peak > maxHostile && !raced {
			t.Errorf("%s: memory of the agent = %d KiB, want %d or less", test.name, peak, maxHostile)
		}
		if n := p.descriptors(t); n > 400 {
			t.Errorf("%s: open descriptors = %d, want 400 or less", test.name, n)
		}
	}
	d.answer(nil, nil)
	p.wait(t, func(s agent.Status) bool { return len(s.Ports) == 0 && s.PortsError == "" })
}

// tells is a status with a reason why the ports are not known, or with "" that
// they are.
func tells(words string) func(agent.Status) bool {
	return func(s agent.Status) bool {
		return strings.Contains(s.PortsError, words) && (words != "" || s.PortsError == "")
	}
}

// wait looks at the containers until the status is as wanted.
func (p *process) wait(t *testing.T, ok func(agent.Status) bool) {
	t.Helper()
	var last agent.Status
	var err error
	if !waittest.Poll(func() bool {
		last, err = p.Ports(t.Context())
		return err == nil && ok(last)
	}) {
		t.Fatalf("Ports() = %.2000s, %v, want the awaited state within %v", fmt.Sprintf("%+v", last), err, waittest.Limit)
	}
}

// TestDescriptorsAreKept: when the process has hardly a descriptor left, new
// connections are refused, which is told, and the agent still answers.
func TestDescriptorsAreKept(t *testing.T) {
	d := startHostileDockerd(t)
	port := program(t, "127.0.0.1:0", "web")
	d.answer(times(1, "[", always(`{"Id":"aa11","Names":["/web"],"Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":`+port+`,"Type":"tcp"}]}]`)), nil)
	p := startAlone(t, startSSHD(t), d.Listener.Addr().String(), d.authority, "160")
	p.wait(t, func(s agent.Status) bool { return len(portOf(s, port).Local) > 0 })
	conns, refused := 0, 0
	for range 300 {
		conn, err := net.Dial("tcp", net.JoinHostPort(here, port))
		if err != nil {
			refused++
			continue
		}
		defer conn.Close()
		conns++
	}
	p.wait(t, func(s agent.Status) bool {
		return portOf(s, port).Hop == "host" && strings.Contains(portOf(s, port).Error, "ulimit -n")
	})
	if n := p.descriptors(t); n > 160-30 {
		t.Errorf("open descriptors = %d of 160, want %d or less", n, 160-30)
	}
	t.Logf("%d connections, %d refused by the system, %d descriptors", conns, refused, p.descriptors(t))
	for range 20 { // at once
		if _, err := p.Status(t.Context()); err != nil {
			t.Fatalf("Status() with few descriptors left: error = %v, want none", err)
		}
	}
}
