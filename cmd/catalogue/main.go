// Command catalogue brings boxes/catalogue.json up to date from what FreeBSD
// and Alpine publish: `make catalogue`.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/refresh"
	"github.com/fbdock/fbdock/internal/atomicfile"
)

const file = "boxes/catalogue.json"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := write(ctx)
	stop()
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "catalogue: %v\n", err)
		os.Exit(1)
	}
}

// write writes what could be looked up; the error says what could not.
func write(ctx context.Context) error {
	old, err := boxes.Default()
	if err != nil {
		return err
	}
	now, changes, failed := refresh.Published().Catalogue(ctx, old, time.Now())
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(now); err != nil {
		return err
	}
	if err := atomicfile.WriteFile(file, text.Bytes(), 0o644); err != nil {
		return err
	}
	for _, c := range changes {
		_, _ = fmt.Fprintln(os.Stderr, c)
	}
	return failed
}
