package main

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rogpeppe/go-internal/testscript"
)

// serveRegistry is a registry with images, which sets REGISTRY to its address:
// registry NAME=OS/ARCHITECTURE[,OS/ARCHITECTURE...]...
func serveRegistry(ts *testscript.TestScript, _ bool, args []string) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	ts.Defer(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	ts.Setenv("REGISTRY", host)
	for _, arg := range args {
		image, list, _ := strings.Cut(arg, "=")
		ref, err := name.ParseReference(host + "/" + image)
		ts.Check(err)
		platforms := strings.Split(list, ",")
		if len(platforms) == 1 {
			one, err := imageFor(platforms[0])
			ts.Check(err)
			ts.Check(remote.Write(ref, one))
			continue
		}
		index := v1.ImageIndex(empty.Index)
		for _, platform := range platforms {
			one, err := imageFor(platform)
			ts.Check(err)
			of, err := v1.ParsePlatform(platform)
			ts.Check(err)
			index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: one, Descriptor: v1.Descriptor{Platform: of}})
		}
		ts.Check(remote.WriteIndex(ref, index))
	}
}

func imageFor(platform string) (v1.Image, error) {
	of, err := v1.ParsePlatform(platform)
	if err != nil {
		return nil, err
	}
	image, err := random.Image(1<<20, 1)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = of.OS, of.Architecture
	return mutate.ConfigFile(image, config)
}
