package mount

import "io"

// ServeFolder is the SFTP server alone.
func ServeFolder(f Folder, r io.Reader, w io.Writer) error {
	s, err := newServer(f)
	if err != nil {
		return err
	}
	defer s.close()
	return s.serve(r, w)
}

// Queue is the pipe between the server and the link.
type Queue = queue

// NewQueue makes one.
func NewQueue() *Queue { return newQueue() }
