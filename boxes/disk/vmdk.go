package disk

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// The names of fields and values are those of "VMware Virtual Disk Format
// 1.1" (VMware technical note, 2007), chapters "Hosted Sparse Extents" and
// "Stream-Optimized Compressed Sparse Extents". Integers are little-endian,
// and offsets count sectors.
const (
	vmdkGrain      = 64 << 10
	grainSectors   = vmdkGrain / Sector
	numGTEsPerGT   = 512
	tableBytes     = 4 * numGTEsPerGT
	tableSectors   = tableBytes / Sector
	descriptorAt   = 1
	descriptorSize = 20
	gdAtEnd        = 1<<64 - 1

	flagNewLines  = 1 << 0
	flagRedundant = 1 << 1
	flagDeflated  = 1 << 16
	flagMarkers   = 1 << 17

	markerEndOfStream = 0
	markerGrainTable  = 1
	markerGrainDir    = 2
	markerFooter      = 3
)

// VMDK writes src as l says as a monolithic sparse extent, which VMware
// Workstation and Fusion run from directly. name is that of the file: the
// descriptor inside it has to say it.
func VMDK(out io.WriteSeeker, src io.Reader, l Layout, name string) error {
	tables := grainTables(l)
	dirSectors := sectors(4 * tables)
	copySectors := dirSectors + tables*tableSectors
	const first = descriptorAt + descriptorSize
	overhead := (first + 2*copySectors + grainSectors - 1) / grainSectors * grainSectors
	if _, err := out.Seek(overhead*Sector, io.SeekStart); err != nil {
		return fmt.Errorf("write VMDK: %w", err)
	}
	next, entries := overhead, make([]uint32, tables*numGTEsPerGT)
	grain := make([]byte, vmdkGrain)
	err := l.blocks(src, vmdkGrain, func(index int64, block []byte) error {
		clear(grain[copy(grain, block):])
		entries[index] = uint32(next)
		next += grainSectors
		_, err := out.Write(grain)
		return err
	})
	if err != nil {
		return fmt.Errorf("write VMDK: %w", err)
	}
	front := bytes.NewBuffer(vmdkHeader{
		version: 1, flags: flagNewLines | flagRedundant, capacity: l.Size / Sector,
		rgd: first, gd: uint64(first + copySectors), overhead: overhead,
	}.bytes())
	front.Write(vmdkDescriptor(l, "monolithicSparse", "RW", name))
	for _, at := range []int64{first, first + copySectors} {
		dir := make([]byte, dirSectors*Sector)
		for i := range tables {
			binary.LittleEndian.PutUint32(dir[4*i:], uint32(at+dirSectors+i*tableSectors))
		}
		front.Write(dir)
		_ = binary.Write(front, binary.LittleEndian, entries) // a buffer takes all
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("write VMDK: %w", err)
	}
	if _, err := front.WriteTo(out); err != nil {
		return fmt.Errorf("write VMDK: %w", err)
	}
	return nil
}

// StreamVMDK writes src as l says as a stream-optimized extent, the form that
// OVF packages carry. Grains are deflated, and nothing is written twice.
func StreamVMDK(out io.Writer, src io.Reader, l Layout, name string) error {
	w := &vmdkStream{out: out, dir: make([]uint32, grainTables(l))}
	header := vmdkHeader{
		version: 3, flags: flagNewLines | flagDeflated | flagMarkers, capacity: l.Size / Sector,
		gd: gdAtEnd, overhead: grainSectors, compress: 1,
	}
	w.write(header.bytes())
	w.write(vmdkDescriptor(l, "streamOptimized", "RDONLY", name))
	w.write(make([]byte, (grainSectors-w.next)*Sector))
	z, err := zlib.NewWriterLevel(&w.deflated, zlib.BestSpeed)
	if err != nil {
		return fmt.Errorf("write VMDK: %w", err)
	}
	w.zlib, w.grain = z, make([]byte, vmdkGrain)
	if err := l.blocks(src, vmdkGrain, w.block); err != nil {
		return fmt.Errorf("write VMDK: %w", err)
	}
	w.endTable()
	w.marker(sectors(int64(4*len(w.dir))), markerGrainDir)
	header.gd = uint64(w.next)
	w.entries(w.dir)
	w.marker(1, markerFooter)
	w.write(header.bytes())
	w.marker(0, markerEndOfStream)
	if w.err != nil {
		return fmt.Errorf("write VMDK: %w", w.err)
	}
	return nil
}

// vmdkStream is a stream-optimized extent in the making. The first error
// stays.
type vmdkStream struct {
	out      io.Writer
	next     int64 // sector to be written
	dir      []uint32
	table    []uint32 // of the grains since the last one, nil for none
	of       int64    // the table's place in dir
	grain    []byte
	deflated bytes.Buffer
	zlib     *zlib.Writer
	err      error
}

func (w *vmdkStream) block(index int64, block []byte) error {
	if w.of != index/numGTEsPerGT {
		w.endTable()
	}
	if w.table == nil {
		w.table, w.of = make([]uint32, numGTEsPerGT), index/numGTEsPerGT
	}
	w.table[index%numGTEsPerGT] = uint32(w.next)
	clear(w.grain[copy(w.grain, block):])
	// A marker of a grain: where the grain lies on the disk, and how many
	// bytes of it follow at once.
	w.deflated.Reset()
	w.deflated.Write(make([]byte, 12))
	w.zlib.Reset(&w.deflated)
	_, err := w.zlib.Write(w.grain)
	if err == nil {
		err = w.zlib.Close()
	}
	if err != nil {
		return err
	}
	data := w.deflated.Bytes()
	binary.LittleEndian.PutUint64(data, uint64(index*grainSectors))
	binary.LittleEndian.PutUint32(data[8:], uint32(len(data)-12))
	w.write(data)
	return w.err
}

// endTable writes the table of the grains before it.
func (w *vmdkStream) endTable() {
	if w.table == nil {
		return
	}
	w.marker(tableSectors, markerGrainTable)
	w.dir[w.of] = uint32(w.next)
	w.entries(w.table)
	w.table = nil
}

func (w *vmdkStream) entries(list []uint32) {
	data := make([]byte, 0, 4*len(list))
	for _, e := range list {
		data = binary.LittleEndian.AppendUint32(data, e)
	}
	w.write(data)
}

// marker announces metadata of a number of sectors.
func (w *vmdkStream) marker(follow int64, kind uint32) {
	m := make([]byte, Sector)
	binary.LittleEndian.PutUint64(m, uint64(follow))
	binary.LittleEndian.PutUint32(m[12:], kind)
	w.write(m)
}

// write puts data into whole sectors.
func (w *vmdkStream) write(data []byte) {
	if w.err != nil {
		return
	}
	whole := sectors(int64(len(data)))
	_, w.err = w.out.Write(data)
	if rest := whole*Sector - int64(len(data)); rest > 0 && w.err == nil {
		_, w.err = w.out.Write(make([]byte, rest))
	}
	w.next += whole
}

// vmdkHeader is SparseExtentHeader.
type vmdkHeader struct {
	version, flags     uint32
	capacity, overhead int64
	rgd, gd            uint64
	compress           uint16
}

func (h vmdkHeader) bytes() []byte {
	b := make([]byte, Sector)
	le := binary.LittleEndian
	copy(b, "KDMV")
	le.PutUint32(b[4:], h.version)
	le.PutUint32(b[8:], h.flags)
	le.PutUint64(b[12:], uint64(h.capacity))
	le.PutUint64(b[20:], grainSectors)
	le.PutUint64(b[28:], descriptorAt)
	le.PutUint64(b[36:], descriptorSize)
	le.PutUint32(b[44:], numGTEsPerGT)
	le.PutUint64(b[48:], h.rgd)
	le.PutUint64(b[56:], h.gd)
	le.PutUint64(b[64:], uint64(h.overhead))
	copy(b[73:], "\n \r\n") // to find out that a transfer has changed line ends
	le.PutUint16(b[77:], h.compress)
	return b
}

// vmdkDescriptor is the text that describes the disk, in its sectors.
func vmdkDescriptor(l Layout, kind, access, name string) []byte {
	total := l.Size / Sector
	text := strings.Join([]string{
		"# Disk DescriptorFile", "version=1", fmt.Sprintf("CID=%08x", binary.LittleEndian.Uint32(l.id[:])&0x7fffffff), "parentCID=ffffffff",
		`createType="` + kind + `"`, "", "# Extent description", fmt.Sprintf("%s %d SPARSE %q", access, total, name), "",
		"# The Disk Data Base", "#DDB", "", `ddb.virtualHWVersion = "4"`, `ddb.adapterType = "ide"`,
		fmt.Sprintf(`ddb.geometry.cylinders = "%d"`, min(total/(16*63), 16383)), `ddb.geometry.heads = "16"`, `ddb.geometry.sectors = "63"`, "",
	}, "\n")
	b := make([]byte, descriptorSize*Sector)
	copy(b, text)
	return b
}

// grainTables is how many tables the disk needs.
func grainTables(l Layout) int64 {
	const covered = numGTEsPerGT * vmdkGrain
	return (l.Size + covered - 1) / covered
}

func sectors(bytes int64) int64 { return (bytes + Sector - 1) / Sector }
