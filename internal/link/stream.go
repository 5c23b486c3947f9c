package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/untrusted"
)

// maxBefore bounds what a command, or the files of its login shell, may write
// before the line that says that it is ready.
const maxBefore = 16 << 10

// Stream starts a command in a session that is open and has no command yet,
// and is a connection with its standard input and output from behind the line
// ready on. A command that ends before has its last words as the error. ch is
// the connection's, and closed when there is none.
func (c *Client) Stream(ctx context.Context, ch ssh.Channel, cmd Command, ready string) (*Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = ch.Close() })
	defer stop()
	err := c.startStream(ch, cmd, ready)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil {
		_ = ch.Close()
		return nil, err
	}
	return &Conn{Channel: ch, local: addr{"ssh", c.name}, remote: addr{"ssh", "a command"}}, nil
}

func (c *Client) startStream(ch ssh.Channel, cmd Command, ready string) error {
	line, err := cmd.line("")
	if err != nil {
		return err
	}
	said := &untrusted.Tail{Limit: keptErrors}
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		_, _ = io.Copy(said, ch.Stderr())
	}()
	ok, err := ch.SendRequest("exec", true, ssh.Marshal(&struct{ Command string }{line}))
	switch {
	case err != nil:
		return c.sessionLost(err)
	case !ok:
		return fmt.Errorf("%s refuses exec", c.name)
	}
	err = awaitLine(ch, ready)
	if !errors.Is(err, io.EOF) {
		return err
	}
	<-heard
	if reason := (Output{Stderr: said.String()}).Reason(); reason != "" {
		return errors.New(reason)
	}
	return c.sessionLost(errors.New("the command ended before it was ready"))
}

// awaitLine reads up to the end of a line, and no byte more.
func awaitLine(r io.Reader, line string) error {
	var now, one = []byte{}, make([]byte, 1)
	for range maxBefore {
		if _, err := io.ReadFull(r, one); err != nil {
			return err
		}
		if now = append(now, one[0]); one[0] != '\n' {
			continue
		}
		if string(bytes.TrimRight(now, "\r\n")) == line {
			return nil
		}
		now = now[:0]
	}
	return &untrusted.TooLargeError{What: "what a command wrote before it was ready", Limit: maxBefore, Unit: "bytes"}
}
