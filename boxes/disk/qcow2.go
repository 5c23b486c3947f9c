package disk

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	clusterBits = 16
	cluster     = 1 << clusterBits
	perTable    = cluster / 8 // entries of a table of offsets
	perRefcount = cluster / 2 // entries of a block of reference counts
	copied      = 1 << 63     // this cluster belongs to no snapshot
)

// QCOW2 writes src as l says in the form that QEMU and libvirt read, of
// version 2, so that no QEMU is too old for it.
func QCOW2(out io.WriteSeeker, src io.Reader, l Layout) error {
	w := &qcow2{out: out, l2: map[int64][]uint64{}}
	if _, err := out.Seek(cluster, io.SeekStart); err != nil { // the header comes last
		return fmt.Errorf("write qcow2: %w", err)
	}
	w.next = 1
	if err := l.blocks(src, cluster, w.data); err != nil {
		return err
	}
	tables := (l.Size + cluster*perTable - 1) / (cluster * perTable)
	l1 := make([]uint64, tables)
	for i := range tables {
		if t, ok := w.l2[i]; ok {
			l1[i] = w.offset() | copied
			w.table(t)
		}
	}
	l1At := w.offset()
	w.table(l1)
	blocks := refcountBlocks(w.next)
	refs := make([]uint64, blocks)
	total := w.next + blocks + (blocks+perTable-1)/perTable
	for i := range blocks {
		refs[i] = w.offset()
		w.counts(min(perRefcount, total-i*perRefcount))
	}
	refsAt := w.offset()
	w.table(refs)
	return w.header(l, uint32(tables), l1At, refsAt, uint32((blocks+perTable-1)/perTable))
}

// refcountBlocks is how many blocks of counts a file of used clusters needs
// once they and their table are counted too.
func refcountBlocks(used int64) int64 {
	for n := int64(1); ; n++ {
		if n*perRefcount >= used+n+(n+perTable-1)/perTable {
			return n
		}
	}
}

// qcow2 is a file in the making. The first error stays.
type qcow2 struct {
	out  io.WriteSeeker
	l2   map[int64][]uint64
	next int64 // cluster to be written
	err  error
}

func (w *qcow2) offset() uint64 { return uint64(w.next) << clusterBits }

func (w *qcow2) data(index int64, block []byte) error {
	t := w.l2[index/perTable]
	if t == nil {
		t = make([]uint64, perTable)
		w.l2[index/perTable] = t
	}
	t[index%perTable] = w.offset() | copied
	w.write(block)
	return w.err
}

// write puts data into whole clusters.
func (w *qcow2) write(data []byte) {
	if w.err != nil {
		return
	}
	whole := (len(data) + cluster - 1) / cluster * cluster
	if _, err := w.out.Write(data); err != nil {
		w.err = fmt.Errorf("write qcow2: %w", err)
	} else if whole > len(data) {
		_, w.err = w.out.Write(make([]byte, whole-len(data)))
	}
	w.next += int64(whole / cluster)
}

func (w *qcow2) table(entries []uint64) {
	data := make([]byte, 8*len(entries))
	for i, e := range entries {
		binary.BigEndian.PutUint64(data[8*i:], e)
	}
	w.write(data)
}

// counts writes a block in which the first n clusters are used once.
func (w *qcow2) counts(n int64) {
	data := make([]byte, cluster)
	for i := range n {
		binary.BigEndian.PutUint16(data[2*i:], 1)
	}
	w.write(data)
}

func (w *qcow2) header(l Layout, tables uint32, l1At, refsAt uint64, refClusters uint32) error {
	if w.err != nil {
		return w.err
	}
	h := make([]byte, 72)
	be := binary.BigEndian
	copy(h, "QFI\xfb")
	be.PutUint32(h[4:], 2)
	be.PutUint32(h[20:], clusterBits)
	be.PutUint64(h[24:], uint64(l.Size))
	be.PutUint32(h[36:], tables)
	be.PutUint64(h[40:], l1At)
	be.PutUint64(h[48:], refsAt)
	be.PutUint32(h[56:], refClusters)
	if _, err := w.out.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("write qcow2: %w", err)
	}
	if _, err := w.out.Write(h); err != nil {
		return fmt.Errorf("write qcow2: %w", err)
	}
	return nil
}
