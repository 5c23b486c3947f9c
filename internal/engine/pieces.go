package engine

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/fbdock/fbdock/internal/untrusted"
)

const (
	// maxPiece bounds one text or number in a list.
	maxPiece = 1 << 20
	// maxDepth bounds how deep it is nested. dockerd's has six levels.
	maxDepth = 32
)

// pieces reads JSON token by token: a value that is not wanted takes no
// memory.
type pieces struct {
	in    *untrusted.Reader
	json  *json.Decoder
	depth int
}

func newPieces(from io.Reader) *pieces {
	in := untrusted.NewReader(from, "a value in the list of containers", maxPiece)
	d := json.NewDecoder(in)
	d.UseNumber()
	return &pieces{in: in, json: d}
}

var errForm = errors.New("dockerd answers in another form than expected")

func (r *pieces) next() (json.Token, error) {
	r.in.Renew()
	t, err := r.json.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if d, ok := t.(json.Delim); ok {
		if d == '{' || d == '[' {
			r.depth++
		} else {
			r.depth--
		}
		if r.depth > maxDepth {
			return nil, &untrusted.TooLargeError{What: "the nesting of the list of containers", Limit: maxDepth, Unit: "levels"}
		}
	}
	return t, err
}

// array has each read every value of an array; null is an empty one.
func (r *pieces) array(each func() error) error { return r.values('[', each) }

// object has each read the value of every key of an object; null is an empty
// one.
func (r *pieces) object(each func(key string) error) error {
	return r.values('{', func() error {
		key, err := r.text()
		if err != nil {
			return err
		}
		return each(key)
	})
}

func (r *pieces) values(open json.Delim, each func() error) error {
	t, err := r.next()
	if err != nil || t == nil {
		return err
	}
	if t != open {
		return errForm
	}
	for r.json.More() {
		if err := each(); err != nil {
			return err
		}
	}
	_, err = r.next()
	return err
}

// text is a string; null is "".
func (r *pieces) text() (string, error) {
	t, err := r.next()
	if err != nil || t == nil {
		return "", err
	}
	text, ok := t.(string)
	if !ok {
		return "", errForm
	}
	return text, nil
}

// port is a number; one that no port has is 0.
func (r *pieces) port() (uint16, error) {
	t, err := r.next()
	if err != nil || t == nil {
		return 0, err
	}
	number, ok := t.(json.Number)
	if !ok {
		return 0, errForm
	}
	n, err := number.Int64()
	if err != nil || n < 0 || n > 1<<16-1 {
		return 0, nil
	}
	return uint16(n), nil
}

// skip reads a value of any kind.
func (r *pieces) skip() error {
	for depth := r.depth; ; {
		if _, err := r.next(); err != nil {
			return err
		}
		if r.depth <= depth {
			return nil
		}
	}
}
