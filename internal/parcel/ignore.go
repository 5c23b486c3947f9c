package parcel

import (
	"bytes"
	"context"
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

// ignoredIn reads the .dockerignore of a build context. keep are Dockerfiles
// in it. All is sent where the file is not understood, as the builder says
// what is wrong with it, and where a Dockerfile has one of its own, as not
// every builder takes that.
func ignoredIn(ctx context.Context, dir string, keep []string) *ignored {
	for _, name := range keep {
		if _, err := os.Lstat(filepath.Join(dir, name+ignoreFile)); err == nil {
			return nil
		}
	}
	text, err := hostfile.Read(ctx, filepath.Join(dir, ignoreFile), hostfile.MaxEnv)
	if err != nil {
		return nil
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil || len(patterns) == 0 {
		return nil
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nil
	}
	return &ignored{matcher: matcher, keep: append([]string{ignoreFile}, keep...)}
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
