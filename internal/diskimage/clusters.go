package diskimage

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// writeTo writes the disk, cluster after cluster.
func (q *qcow2) writeTo(w io.Writer) (written int64, err error) {
	defer q.unpack.close()
	table, cluster := make([]byte, q.cluster()), make([]byte, q.cluster())
	zeros := make([]byte, q.cluster())
	for _, entry := range q.l1 {
		present, err := q.readL2(table, entry&entryOffset)
		if err != nil {
			return written, err
		}
		for i := int64(0); i < q.perTable() && written < q.size; i++ {
			data := zeros
			if present {
				if data, err = q.read(cluster, zeros, binary.BigEndian.Uint64(table[8*i:])); err != nil {
					return written, fmt.Errorf("at byte %d of the disk: %w", written, err)
				}
			}
			n, err := w.Write(data[:min(q.cluster(), q.size-written)])
			written += int64(n)
			if err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// readL2 reads a second table; one that is not there names no clusters.
func (q *qcow2) readL2(table []byte, at uint64) (present bool, err error) {
	if at == 0 {
		return false, nil
	}
	if at%uint64(q.cluster()) != 0 || !q.holds(at, q.cluster()) {
		return false, damaged(fmt.Sprintf("an L2 table at %d does not lie in the file", at))
	}
	if _, err := q.file.ReadAt(table, int64(at)); err != nil {
		return false, fmt.Errorf("read an L2 table: %w", err)
	}
	return true, nil
}

// read gives the data of a cluster, in buf or, for zeros, zeros itself.
func (q *qcow2) read(buf, zeros []byte, entry uint64) ([]byte, error) {
	at := entry & entryOffset
	switch {
	case entry&entryCompressed != 0:
		return buf, q.inflate(buf, entry)
	case at == 0 || q.version >= 3 && entry&entryZero != 0:
		return zeros, nil
	case at%uint64(q.cluster()) != 0 || at >= uint64(q.fileSize):
		return nil, damaged(fmt.Sprintf("a cluster at %d does not lie in the file", at))
	}
	// The last cluster of a file may be short: what it lacks is zeros.
	n, err := q.file.ReadAt(buf, int64(at))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	clear(buf[n:])
	return buf, nil
}

// inflate reads a compressed cluster: an offset in bytes, and how many more
// sectors it touches.
func (q *qcow2) inflate(buf []byte, entry uint64) error {
	bits := 62 - (q.clusterBits - 8)
	at := entry & (1<<bits - 1)
	more := entry >> bits & (1<<(q.clusterBits-8) - 1)
	length := int64(more+1)*512 - int64(at%512)
	if at >= uint64(q.fileSize) {
		return damaged(fmt.Sprintf("a compressed cluster at %d does not lie in the file", at))
	}
	packed := q.unpack.room(min(length, q.fileSize-int64(at)))
	if _, err := q.file.ReadAt(packed, int64(at)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := q.unpack.unpack(q.compression, buf, packed); err != nil {
		return damaged(fmt.Sprintf("a compressed cluster at %d cannot be read: %v", at, err))
	}
	return nil
}

// unpacker keeps what decompresses clusters from one to the next.
type unpacker struct {
	deflate io.ReadCloser
	zstd    *zstd.Decoder
	packed  []byte
}

// room is n bytes that hold until the next call.
func (u *unpacker) room(n int64) []byte {
	if int64(cap(u.packed)) < n {
		u.packed = make([]byte, n)
	}
	return u.packed[:n]
}

func (u *unpacker) unpack(method byte, buf, packed []byte) (err error) {
	// Bytes behind the end of the compressed data belong to others.
	if method == compressionZstd {
		if u.zstd == nil {
			u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderLowmem(true))
			if err != nil {
				return err
			}
		}
		if err := u.zstd.Reset(bytes.NewReader(packed)); err != nil {
			return err
		}
		_, err = io.ReadFull(u.zstd, buf)
		return err
	}
	if u.deflate == nil {
		u.deflate = flate.NewReader(bytes.NewReader(packed))
	} else if err := u.deflate.(flate.Resetter).Reset(bytes.NewReader(packed), nil); err != nil {
		return err
	}
	_, err = io.ReadFull(u.deflate, buf)
	return err
}

func (u *unpacker) close() {
	if u.zstd != nil {
		u.zstd.Close()
		u.zstd = nil
	}
}
