package link

import (
	"context"
	"io"
)

// Upload is Output with r as standard input; progress, when it is not nil, is
// told how many bytes have been taken from r so far. It is called from one
// goroutine and should be quick.
func (c *Client) Upload(ctx context.Context, r io.Reader, cmd Command, progress func(sent int64)) (Output, error) {
	cmd.Stdin = r
	if progress != nil {
		cmd.Stdin = &counter{r: r, tell: progress}
	}
	return c.Output(ctx, cmd)
}

type counter struct {
	r    io.Reader
	n    int64
	tell func(int64)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if n > 0 {
		c.n += int64(n)
		c.tell(c.n)
	}
	return n, err
}
