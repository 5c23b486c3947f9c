package acceptance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/fbdock/fbdock/internal/hostfile"
)

// rootMark is a file of the engine's root disk, which a new image replaces.
const rootMark = "/etc/acceptance"

// imageReplaced gives the engine another image: the root disk is a new one, and
// what dockerd keeps stays.
func imageReplaced(ctx context.Context, s *session) (string, error) {
	if _, err := s.engine(ctx, "touch "+rootMark+" && sync"); err != nil {
		return "", err
	}
	if err := s.replaceImage(ctx); err != nil {
		return "", err
	}
	if _, err := s.must(ctx, "up", "--yes", "--allow-reach"); err != nil {
		return "", err
	}
	found, err := s.engine(ctx, "ls "+rootMark+" 2>/dev/null; exit 0")
	if err != nil {
		return "", err
	}
	if found != "" {
		return "", errors.New("the engine still has the root disk of the first image")
	}
	if _, err := s.recovered(ctx); err != nil {
		return "", err
	}
	_, err = kept(ctx, s)
	return "another root disk; container, image and volume as before", err
}

var imageLine = regexp.MustCompile(`(?m)^[ \t]*image[ \t]*=.*$`)

// replaceImage configures another image.
func (s *session) replaceImage(ctx context.Context) error {
	image, err := s.otherImage(ctx)
	if err != nil {
		return err
	}
	s.Engine = imageLine.ReplaceAllString(s.Engine, "") + fmt.Sprintf("\nimage = %q", image)
	return s.configure()
}

// otherImage is a copy of the engine's image with zeros after its end: for a
// disk they mean nothing, but it is another file with another digest.
func (s *session) otherImage(ctx context.Context) (name string, err error) {
	out, err := s.must(ctx, "image", "pull", "--yes", "--json")
	if err != nil {
		return "", err
	}
	var pulled []struct{ File string }
	if err := json.Unmarshal([]byte(out.stdout), &pulled); err != nil {
		return "", fmt.Errorf("fbdock image pull --json: %w", err)
	}
	if len(pulled) != 1 {
		return "", fmt.Errorf("fbdock image pull names %d images, want 1", len(pulled))
	}
	from, err := hostfile.Open(ctx, pulled[0].File)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	name = filepath.Join(s.Dir, "another-image")
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	_, err = io.Copy(to, io.MultiReader(from, strings.NewReader(strings.Repeat("\x00", 1<<20))))
	return name, err
}
