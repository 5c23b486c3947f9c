package engine

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fbdock/fbdock/internal/untrusted"
)

var sameAddr = cmpopts.EquateComparable(netip.Addr{})

func TestReadContainers(t *testing.T) {
	t.Parallel()
	const list = `[
	{"Id":"aa11","Names":["/web","/other/alias"],"Image":"x","Labels":{"a":"b","c":null},"HostConfig":{"NetworkMode":"bridge","Annotations":null},
	 "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},
	  {"PrivatePort":443,"Type":"tcp"},{"IP":"127.0.0.1","PrivatePort":53,"PublicPort":53,"Type":"udp"}],
	 "NetworkSettings":{"Networks":{"bridge":{"IPAMConfig":null,"Aliases":[]}}}},
	{"Id":"bb22","Names":["/idle"],"Ports":[{"PrivatePort":80,"Type":"tcp"}],"HostConfig":{"NetworkMode":"default"}},
	{"Id":"cc33","Names":["/bare"],"Ports":[],"HostConfig":{"NetworkMode":"host"}},
	{"Id":"dd44","Names":null,"Ports":[{"IP":"::","PrivatePort":1,"PublicPort":1,"Type":"sctp"},{"PublicPort":2,"PrivatePort":2,"Type":"tcp"}]}
	]`
	got, err := readContainers(strings.NewReader(list), 100)
	if err != nil {
		t.Fatal(err)
	}
	any4, any6 := netip.IPv4Unspecified(), netip.IPv6Unspecified()
	want := []Container{
		{Name: "web", ID: "aa11", Count: 2, Published: []Published{
			{Container: "web", ID: "aa11", HostIP: any4, HostPort: 8080, Port: 80, Protocol: "tcp"},
			{Container: "web", ID: "aa11", HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: 53, Port: 53, Protocol: "udp"},
		}},
		{Name: "bare", ID: "cc33", HostNetwork: true},
		{Name: "dd44", ID: "dd44", Count: 2, Published: []Published{
			{Container: "dd44", ID: "dd44", HostIP: any6, HostPort: 1, Port: 1, Protocol: "sctp"},
			{Container: "dd44", ID: "dd44", HostIP: any4, HostPort: 2, Port: 2, Protocol: "tcp"},
		}},
	}
	if diff := gocmp.Diff(want, got, sameAddr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestOfPodman: podman says of every container that its network is the host's.
// The address is the lowest, and none that is not one.
func TestOfPodman(t *testing.T) {
	t.Parallel()
	const list = `[
	{"Id":"aa11","Names":["/web"],"HostConfig":{"NetworkMode":"host"},"Ports":[{"IP":"","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}],
	 "NetworkSettings":{"Networks":{"b":{"IPAddress":"10.89.0.3","Aliases":null},"a":{"IPAddress":"10.88.0.2"},"c":{"IPAddress":"0.0.0.0"},"d":{"IPAddress":"x"},"e":null}}},
	{"Id":"bb22","Names":["/idle"],"HostConfig":{"NetworkMode":"host"},"Ports":[{"PrivatePort":80,"Type":"tcp"}],"NetworkSettings":null}
	]`
	got, err := readContainers(strings.NewReader(list), 100)
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddr("10.88.0.2")
	want := []Container{{Name: "web", ID: "aa11", Count: 1, Address: at, Published: []Published{
		{Container: "web", ID: "aa11", HostIP: netip.IPv4Unspecified(), HostPort: 8080, Port: 80, Protocol: "tcp", Podman: true, Address: at},
	}}}
	if diff := gocmp.Diff(want, ofPodman(got), sameAddr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReadContainersRefuses: what no dockerd sends is an error or left out,
// and never an address, a port or a name.
func TestReadContainersRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{``, `null x`, `{}`, `[`, `[{]`, `[{"Ports":[{"IP":5}]}]`, `[{"Ports":5}]`, `[{"Names":"x"}]`, `["x"]`, `[{"Id":"a"`, `[{"HostConfig":[]}]`} {
		if got, err := readContainers(strings.NewReader(text), 10); err == nil && (text != `null x` || len(got) > 0) {
			t.Errorf("readContainers(%s) = %v, %v, want an error", text, got, err)
		}
	}
	const list = `[{"Id":"a1","Names":["/\u001b[2J","/ok"],"Ports":[
		{"IP":"fe80::1%\u001b[2J","PublicPort":1,"Type":"tcp"},{"IP":"nonsense","PublicPort":2,"Type":"tcp"},
		{"IP":"0.0.0.0","PublicPort":70000,"Type":"tcp"},{"IP":"0.0.0.0","PublicPort":-1,"Type":"tcp"},
		{"IP":"0.0.0.0","PublicPort":1.5,"Type":"tcp"},{"IP":"0.0.0.0","PublicPort":5,"Type":"\u001b"},
		{"IP":"0.0.0.0","PublicPort":6,"PrivatePort":99999999999999999999,"Type":"udp"}]},
		{"Id":"\u001b[2J","Names":["/evil"],"Ports":[{"IP":"0.0.0.0","PublicPort":7,"Type":"tcp"}]}]`
	got, err := readContainers(strings.NewReader(list), 10)
	want := []Container{{Name: "ok", ID: "a1", Count: 1, Published: []Published{
		{Container: "ok", ID: "a1", HostIP: netip.IPv4Unspecified(), HostPort: 6, Protocol: "udp"},
	}}}
	if diff := gocmp.Diff(want, got, sameAddr); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// repeat is an endless list: head, and then each again and again.
func repeat(head, each string) io.Reader {
	return io.MultiReader(strings.NewReader(head), &again{text: []byte(each)})
}

type again struct {
	text []byte
	at   int
}

func (a *again) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c := copy(p[n:], a.text[a.at:])
		n, a.at = n+c, (a.at+c)%len(a.text)
	}
	return n, nil
}

// TestReadContainersOfAHostileDockerd: whatever never ends, is too deep, too
// long or too many is an error that says so, and takes little memory.
func TestReadContainersOfAHostileDockerd(t *testing.T) {
	var thousands bytes.Buffer
	thousands.WriteString("[")
	for i := range 200_000 {
		fmt.Fprintf(&thousands, `{"Id":"%d"},`, i)
	}
	thousands.WriteString(`{"Id":"last","Ports":[{"PublicPort":1,"Type":"tcp"}]}]`)
	for name, test := range map[string]struct {
		list io.Reader
		want string // of the error, "" for none
	}{
		"labels":                   {repeat(`[{"Labels":{"a":"b"`, `,"a":"bbbbbbbbbbbbbbbb"`), "the list of containers is larger than 24 MiB"},
		"containers with ports":    {repeat(`[{}`, `,{"Id":"a","Ports":[{"PublicPort":1,"Type":"tcp"}]}`), "more than 10000 containers with ports"},
		"ports":                    {repeat(`[{"Id":"a","Ports":[{}`, `,{"IP":"10.0.0.1","PublicPort":1,"Type":"tcp"}`), "is larger than 24 MiB"},
		"one text":                 {repeat(`[{"Image":"`, `xxxx`), "a value in the list of containers is larger than 1 MiB"},
		"one key":                  {repeat(`[{"`, `xxxx`), "is larger than 1 MiB"},
		"one number":               {repeat(`[{"Ports":[{"PublicPort":`, `1`), "is larger than 1 MiB"},
		"space":                    {repeat(`[`, "\n"), "is larger than 1 MiB"},
		"arrays":                   {repeat(`[{"x":`, `[`), "has more than 32 levels"},
		"objects":                  {repeat(`[{"x":`, `{"x":`), "has more than 32 levels"},
		"containers without ports": {&thousands, ""},
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		got, err := readContainers(test.list, 256)
		runtime.GC()
		runtime.ReadMemStats(&after)
		switch {
		case test.want == "" && (err != nil || len(got) != 1):
			t.Errorf("readContainers() of %s = %d containers, %v, want one", name, len(got), err)
		case test.want != "" && (!untrusted.IsTooLarge(err) || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
		if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 16<<20 {
			t.Errorf("readContainers() of %s holds %d MiB, want at most 16", name, held>>20)
		}
		runtime.KeepAlive(got)
	}
}

// TestAllPorts: a container that publishes every port is counted, and no
// more of it is held than asked for.
func TestAllPorts(t *testing.T) {
	t.Parallel()
	var list strings.Builder
	list.WriteString(`[{"Id":"a","Names":["/all"],"Ports":[`)
	for port := 1024; port < 1<<16; port++ {
		for _, ip := range []string{"0.0.0.0", "::"} {
			fmt.Fprintf(&list, `{"IP":%q,"PrivatePort":%d,"PublicPort":%d,"Type":"tcp"},`, ip, port, port)
		}
	}
	text := strings.TrimSuffix(list.String(), ",") + `]}]`
	got, err := readContainers(strings.NewReader(text), 256)
	if err != nil || len(got) != 1 || got[0].Count != 64512 || len(got[0].Published) != 256 {
		t.Errorf("readContainers() of %d bytes = %d containers, %v, want one with 64512 ports, 256 of them kept", len(text), len(got), err)
	}
}

// plainContainer is what encoding/json makes of a container.
type plainContainer struct {
	ID    string `json:"Id"`
	Names []string
	Ports []struct {
		IP                      string
		PrivatePort, PublicPort json.Number
		Type                    string
	}
	HostConfig struct{ NetworkMode string }
}

// FuzzContainers: what is read of any answer is well-formed, and of an answer
// that a dockerd could send the same as encoding/json reads.
func FuzzContainers(f *testing.F) {
	f.Add([]byte(`[{"Id":"a","Names":["/x"],"Ports":[{"IP":"::","PublicPort":1,"Type":"tcp"}]}]`), "web", "0.0.0.0", "tcp", uint16(80), uint16(3))
	f.Add([]byte(`[{"Labels":{"a":[[[{}]]]},"HostConfig":{"NetworkMode":"host"},"Id":"0"}]`), "\x1b[2J", "fe80::1%x", "\x00", uint16(0), uint16(300))
	f.Add([]byte(`[1,"x",null,{"Ports":null}]`), "", "", "udp", uint16(65535), uint16(1))
	f.Fuzz(func(t *testing.T, data []byte, title, ip, protocol string, port, many uint16) {
		const most = 100
		got, err := readContainers(bytes.NewReader(data), most)
		checkForm(t, got, most)
		if err == nil && !json.Valid(firstValue(data)) {
			t.Fatalf("readContainers(%q) = %v, no error, want an error for invalid JSON", data, got)
		}

		var plain plainContainer
		plain.ID, plain.Names = "0123abcd", []string{"/" + title}
		for i := range many % 300 {
			p := port + i
			plain.Ports = append(plain.Ports, struct {
				IP                      string
				PrivatePort, PublicPort json.Number
				Type                    string
			}{ip, json.Number(fmt.Sprint(i)), json.Number(fmt.Sprint(p)), protocol})
		}
		text, err := json.Marshal([]any{plain, json.RawMessage(`{"Id":"other","Mounts":[{}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		got, err = readContainers(bytes.NewReader(text), most)
		if err != nil {
			t.Fatalf("readContainers(%s): error = %v, want none", text, err)
		}
		checkForm(t, got, most)
		addr, err := netip.ParseAddr(cmp.Or(ip, "0.0.0.0"))
		wanted := 0
		for _, p := range plain.Ports {
			if p.PublicPort != "0" {
				wanted++
			}
		}
		if err != nil || addr.Zone() != "" || !slices.Contains([]string{"tcp", "udp", "sctp"}, protocol) {
			wanted = 0
		}
		if wanted == 0 && len(got) == 0 {
			return
		}
		if len(got) != 1 || got[0].Count != wanted || len(got[0].Published) != min(wanted, most) {
			t.Fatalf("%s is read as %+v, want %d ports", text, got, wanted)
		}
		if name.MatchString(title) && got[0].Name != title || got[0].Published[0].HostIP != addr {
			t.Fatalf("readContainers(%s) = %+v, want name %q and address %v", text, got, title, addr)
		}
	})
}

// firstValue is the JSON value that data begins with.
func firstValue(data []byte) []byte {
	var v json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&v); err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return v
}

func checkForm(t *testing.T, all []Container, most int) {
	t.Helper()
	for _, c := range all {
		if !name.MatchString(c.ID) || !name.MatchString(c.Name) || len(c.Published) > most || len(c.Published) == 0 && !c.HostNetwork {
			t.Fatalf("readContainers() = container %+v, want a valid ID and name, and 1 to %d ports", c, most)
		}
		for _, p := range c.Published {
			if p.HostPort == 0 || !p.HostIP.IsValid() || p.HostIP.Zone() != "" || p.Container != c.Name || p.ID != c.ID ||
				!slices.Contains([]string{"tcp", "udp", "sctp"}, p.Protocol) {
				t.Fatalf("readContainers() = port %+v, want a valid port, address and protocol of container %s", p, c.Name)
			}
		}
	}
}
