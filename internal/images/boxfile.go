package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/plan"
)

// VerifyBox checks the file of a box against its checksum. Vagrant checks it
// once more when it adds the box, but not where it takes the file for metadata.
func VerifyBox(ctx context.Context, box plan.Box) error {
	f, err := hostfile.Open(ctx, box.File)
	if err != nil {
		return fmt.Errorf("read the box: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	sum := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		n, err := f.Read(buf)
		_, _ = sum.Write(buf[:n]) // never an error (hash.Hash)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the box: %w", err)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("read the box %s: %w", box.File, context.Cause(ctx))
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != box.SHA256 {
		return &failure.Error{
			Err:  fmt.Errorf("the box %s has the SHA-256 %s, and box_checksum is %s", box.File, got, box.SHA256),
			Next: "fetch the box again, or correct box_checksum where its maker has published another one", Code: failure.ExitUsage,
		}
	}
	return nil
}
