package parcel

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/fbdock/fbdock/internal/hostfile"
)

const ignoreFile = ".dockerignore"

// ignored are names of a build context that its .dockerignore leaves out. The
// builder in the guest does the same again; here it saves the sending.
type ignored struct {
	matcher *patternmatcher.PatternMatcher
	keep    []string
}

// ignoredIn reads the .dockerignore of a build context; nil leaves nothing out.
// keep are Dockerfiles in it. All is sent where the patterns are not understood,
// as the builder says what is wrong with them, and where a Dockerfile has a file
// of its own, as not every builder takes that. A file that cannot be read is an
// error: it may name what is not to be sent.
func ignoredIn(ctx context.Context, dir string, keep []string) (*ignored, error) {
	for _, name := range keep {
		if _, err := os.Lstat(filepath.Join(dir, name+ignoreFile)); err == nil {
			return nil, nil
		}
	}
	text, err := hostfile.ReadWithin(ctx, dir, ignoreFile, hostfile.MaxEnv)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil || len(patterns) == 0 {
		return nil, nil //nolint:nilerr // the builder tells it
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, nil //nolint:nilerr // the builder tells it
	}
	return &ignored{matcher: matcher, keep: append([]string{ignoreFile}, keep...)}, nil
}

// leaves tells whether a name in the context is left out; prune, whether all
// below it is as well.
func (i *ignored) leaves(rel string) (out, prune bool) {
	if i == nil || slices.Contains(i.keep, rel) {
		return false, false
	}
	out, err := i.matcher.MatchesOrParentMatches(rel)
	if err != nil || !out {
		return false, false
	}
	prune = !i.matcher.Exclusions()
	for _, keep := range i.keep {
		if below, err := filepath.Rel(rel, keep); err == nil && filepath.IsLocal(below) {
			prune = false
		}
	}
	return true, prune
}
