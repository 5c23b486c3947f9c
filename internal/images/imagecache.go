package images

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/lockfile"
)

// Cache is where what was downloaded is kept.
func Cache(env host.Env) boxes.Cache {
	return boxes.Cache{
		Dir: filepath.Join(env.CacheDir, "images"), Pause: env.Timeouts.Download,
		Busy: func(img boxes.Image, since time.Time) { busy(env, "fetching "+img.Name, since) },
	}
}

// busy says which other command is waited for. Only those of this user have the
// folder that it works in.
func busy(env host.Env, what string, since time.Time) {
	begun := "for some time"
	if !since.IsZero() {
		begun = "for " + max(time.Since(since), 0).Round(time.Second).String()
	}
	env.Progress.Say(fmt.Sprintf("another fbdock of yours has been %s %s; this one waits for it, and Ctrl-C ends the wait", what, begun))
}

// ShortDigest names a file to a person.
func ShortDigest(digest string) string { return "sha512 " + digest[:min(16, len(digest))] }

// Fetched is the path and the digest of an image that is in the cache now.
func Fetched(ctx context.Context, env host.Env, cache boxes.Cache, lock *lockfile.File, img boxes.Image) (file, digest string, err error) {
	f, err := cache.Fetch(ctx, img, env.Progress.Bytes)
	if err != nil {
		return "", "", Mismatch(lock, lockfile.Image, img, err)
	}
	return f.Path, f.SHA512, f.Close()
}
