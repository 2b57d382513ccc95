package faramesh

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"faramesh.dev/go/internal/core"
	"faramesh.dev/go/internal/tables"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

const (
	hashBytes = 32
	slotBytes = 8
	// frameBytes is the head of a state, and what each of its blobs takes before the first.
	frameBytes = 8
	// hashedBeforeRecord: domain tag and previous hash stand before the record and are hashed with it.
	hashedBeforeRecord = 2 * hashBytes
	// hasMore on a packed verdict: it says more than effect, code and rule.
	hasMore = 1 << 10
	// ofEvent on the code of a refusal: it is of an event.
	ofEvent = 0x100
	// maxCached bounds the verdicts that are kept: a bundle has few, and one with many must not fill the host's memory.
	maxCached = 65_536
	// loadTrapped is no status of the core: it failed while it read a bundle.
	loadTrapped = math.MaxUint32
	// longestCall is the most parameters that an export takes.
	longestCall = 5
)

var errNoMemory = errors.New("the core's memory cannot be had")

// The machine code of the core, made once per process. Instances of it share no memory.
var machine struct {
	sync.Mutex
	wazero.Runtime
	compiled wazero.CompiledModule
}

func openRuntime() (wazero.Runtime, wazero.CompiledModule, error) {
	machine.Lock()
	defer machine.Unlock()
	if machine.compiled == nil {
		ctx := context.Background()
		opened := wazero.NewRuntime(ctx)
		compiled, err := opened.CompileModule(ctx, core.Wasm)
		if err != nil {
			return nil, nil, errors.Join(err, opened.Close(ctx))
		}
		machine.Runtime, machine.compiled = opened, compiled
	}
	return machine.Runtime, machine.compiled, nil
}

// instance is one core with a bundle, for one goroutine at a time. After a failed call its memory may be in any state:
// it is closed, and never asked again.
type instance struct {
	module api.Module
	memory api.Memory

	decideCall, recordedCall, eventCall, refuseCall, describeCall   api.Function
	recordBytesCall, stateAfterBytesCall                            api.Function
	action, facts, state, stateAfter, previous, status, out, record uint32

	// stack has the parameters of a call, and then its result.
	stack [longestCall]uint64
	// cached verdicts by index of the agent + 1 and packed verdict.
	cached map[uint64]*Verdict
}

// newInstance makes a core and loads the bundle into it, unless it is nil: a core without a policy. status is as of load; the instance is nil unless it is LoadOK.
func newInstance(bundle []byte, signed bool) (one *instance, status uint32, err error) {
	opened, compiled, err := openRuntime()
	if err != nil {
		return nil, 0, err
	}
	ctx := context.Background()
	module, err := opened.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return nil, 0, err
	}
	i := &instance{module: module, memory: module.Memory(), cached: map[uint64]*Verdict{}}
	if err := i.find(); err != nil {
		i.close()
		return nil, 0, err
	}
	if bundle == nil {
		return i, tables.LoadOK, nil
	}
	if status = i.load(bundle, signed); status != tables.LoadOK {
		i.close()
		return nil, status, nil
	}
	return i, status, nil
}

func (i *instance) close() {
	_ = i.module.Close(context.Background())
}

// find finds the functions and the fixed regions, which never move.
func (i *instance) find() error {
	setup := &exports{module: i.module}
	if version := setup.call("abi"); setup.err == nil && version != tables.ABIVersion {
		return fmt.Errorf("the core speaks ABI %d, this host %d", version, tables.ABIVersion)
	}
	if room := setup.call("reserve", 0); setup.err == nil && room == 0 {
		return errNoMemory
	}
	setup.call("hashRecords", 0)
	i.action, i.facts = setup.call("actionPointer"), setup.call("factsPointer")
	i.state, i.stateAfter = setup.call("statePointer"), setup.call("stateAfterPointer")
	i.previous, i.status = setup.call("previousPointer"), setup.call("statusPointer")
	i.out, i.record = setup.call("outputPointer"), setup.call("recordPointer")
	i.decideCall, i.recordedCall = setup.function("decide"), setup.function("decideRecorded")
	i.eventCall, i.refuseCall = setup.function("applyEvent"), setup.function("refuse")
	i.describeCall, i.recordBytesCall = setup.function("describe"), setup.function("recordBytes")
	i.stateAfterBytesCall = setup.function("stateAfterBytes")
	engine := setup.call("enginePointer")
	if setup.err != nil {
		return setup.err
	}
	if !i.memory.Write(engine, core.Digest[:]) {
		return errNoMemory
	}
	return nil
}

// load gives LOAD_* of engine/constants.ts, or loadTrapped when the core failed.
func (i *instance) load(bundle []byte, signed bool) uint32 {
	loading := &exports{module: i.module}
	room := loading.call("reserve", uint64(len(bundle)))
	if loading.err == nil && room == 0 {
		return tables.LoadTooLarge
	}
	if loading.err != nil || !i.memory.Write(room, bundle) {
		return loadTrapped
	}
	verified := uint64(0)
	if signed {
		verified = 1
	}
	status := loading.call("load", uint64(len(bundle)), verified)
	if loading.err != nil {
		return loadTrapped
	}
	return status
}

// exports calls by name and keeps the first error.
type exports struct {
	module api.Module
	err    error
}

func (e *exports) function(name string) api.Function {
	function := e.module.ExportedFunction(name)
	if function == nil && e.err == nil {
		e.err = fmt.Errorf("the core does not export %s", name)
	}
	return function
}

func (e *exports) call(name string, parameters ...uint64) uint32 {
	function := e.function(name)
	if e.err != nil {
		return 0
	}
	results, err := function.Call(context.Background(), parameters...)
	if err != nil {
		e.err = err
	}
	if len(results) == 0 {
		return 0
	}
	return uint32(results[0])
}

func (i *instance) call(function api.Function, parameters ...uint64) (uint32, error) {
	copy(i.stack[:], parameters)
	if err := function.CallWithStack(context.Background(), i.stack[:]); err != nil {
		return 0, err
	}
	return uint32(i.stack[0]), nil
}

// writeText puts a text where the core reads it, and gives its length: None for one that is too large, which the core refuses.
func (i *instance) writeText(pointer uint32, text []byte) (uint32, error) {
	if len(text) > tables.MaxInputBytes {
		return tables.None, nil
	}
	if !i.memory.Write(pointer, text) {
		return 0, errNoMemory
	}
	return uint32(len(text)), nil
}

// blank is no JSON: the core refuses it.
var blank = []byte(" ")

// writeInputs puts facts and state where the core reads them. To the core no bytes are no facts, so a text without any is a blank.
func (i *instance) writeInputs(given inputs) (factsBytes, stateBytes uint32, err error) {
	if given.hasFacts {
		facts := given.facts
		if len(facts) == 0 {
			facts = blank
		}
		if factsBytes, err = i.writeText(i.facts, facts); err != nil {
			return 0, 0, err
		}
	}
	if given.hasState {
		stateBytes, err = i.writeState(given.state)
	}
	return factsBytes, stateBytes, err
}

// writeState gives None for what is no run of slots or does not fit: the core refuses it.
func (i *instance) writeState(blobs [][]byte) (uint32, error) {
	taken := frameBytes * (1 + len(blobs))
	total := taken
	for _, blob := range blobs {
		if len(blob)%slotBytes != 0 || len(blob) > tables.MaxStateBytes {
			return tables.None, nil
		}
		total += len(blob)
		if total > tables.MaxStateBytes {
			return tables.None, nil
		}
	}
	if total > tables.MaxStateBytes {
		return tables.None, nil
	}
	region, ok := i.memory.Read(i.state, uint32(total))
	if !ok {
		return 0, errNoMemory
	}
	binary.LittleEndian.PutUint64(region, uint64(len(blobs)))
	for index, blob := range blobs {
		binary.LittleEndian.PutUint64(region[frameBytes*(1+index):], uint64(len(blob)/slotBytes))
		taken += copy(region[taken:], blob)
	}
	return uint32(total), nil
}

// readState gives copies of the blobs of the state after; nil when nothing is to be written.
func (i *instance) readState() ([][]byte, error) {
	length, err := i.call(i.stateAfterBytesCall)
	if err != nil || length == 0 {
		return nil, err
	}
	region, ok := i.memory.Read(i.stateAfter, length)
	if !ok || len(region) < frameBytes {
		return nil, errNoMemory
	}
	// In 64 bits nothing overflows, whatever the core says.
	count := uint64(binary.LittleEndian.Uint32(region))
	start := frameBytes * (1 + count)
	if start > uint64(len(region)) {
		return nil, errNoMemory
	}
	copied := append([]byte(nil), region...)
	blobs := make([][]byte, count)
	for index := range blobs {
		end := start + slotBytes*uint64(binary.LittleEndian.Uint32(copied[frameBytes*(1+index):]))
		if end > uint64(len(copied)) {
			return nil, errNoMemory
		}
		blobs[index] = copied[start:end:end]
		start = end
	}
	return blobs, nil
}

// readRecord gives a copy of the last record and its hash, SHA-256 over tag, previous hash and record, which stand in one run.
func (i *instance) readRecord() (record []byte, hash [hashBytes]byte, err error) {
	length, err := i.call(i.recordBytesCall)
	if err != nil {
		return nil, hash, err
	}
	run, ok := i.memory.Read(i.record-hashedBeforeRecord, hashedBeforeRecord+length)
	if !ok {
		return nil, hash, errNoMemory
	}
	return append([]byte(nil), run[hashedBeforeRecord:]...), sha256.Sum256(run), nil
}

func (i *instance) decide(action []byte, given inputs) (Verdict, error) {
	actionBytes, err := i.writeText(i.action, action)
	if err != nil {
		return Verdict{}, err
	}
	factsBytes, stateBytes, err := i.writeInputs(given)
	if err != nil {
		return Verdict{}, err
	}
	packed, err := i.call(i.decideCall, uint64(actionBytes), uint64(factsBytes), uint64(stateBytes), 0)
	if err != nil {
		return Verdict{}, err
	}
	return i.verdict(packed)
}

func (i *instance) recorded(event bool, text []byte, place Place, given inputs) (Recorded, error) {
	textBytes, err := i.writeText(i.action, text)
	if err != nil {
		return Recorded{}, err
	}
	factsBytes, stateBytes, err := i.writeInputs(given)
	if err != nil {
		return Recorded{}, err
	}
	if !i.memory.Write(i.previous, place.Previous[:]) {
		return Recorded{}, errNoMemory
	}
	function := i.recordedCall
	if event {
		function = i.eventCall
	}
	low, high := place.halves()
	packed, err := i.call(function, uint64(textBytes), uint64(factsBytes), uint64(stateBytes), low, high)
	if err != nil {
		return Recorded{}, err
	}
	return i.readRecorded(packed)
}

// refused writes the record of a core that failed on the text, by a fresh one that only digests it.
func (i *instance) refused(event bool, text []byte, place Place, given inputs) (Recorded, error) {
	textBytes, err := i.writeText(i.action, text)
	if err != nil {
		return Recorded{}, err
	}
	given.hasState = false
	factsBytes, _, err := i.writeInputs(given)
	if err != nil {
		return Recorded{}, err
	}
	if !i.memory.Write(i.previous, place.Previous[:]) {
		return Recorded{}, errNoMemory
	}
	code := uint64(tables.CodeEngineTrap)
	if event {
		code |= ofEvent
	}
	low, high := place.halves()
	packed, err := i.call(i.refuseCall, code, uint64(textBytes), uint64(factsBytes), low, high)
	if err != nil {
		return Recorded{}, err
	}
	return i.readRecorded(packed)
}

func (i *instance) readRecorded(packed uint32) (Recorded, error) {
	record, hash, err := i.readRecord()
	if err != nil {
		return Recorded{}, err
	}
	state, err := i.readState()
	if err != nil {
		return Recorded{}, err
	}
	verdict, err := i.verdict(packed)
	if err != nil {
		return Recorded{}, err
	}
	return Recorded{Verdict: verdict, Record: record, Hash: hash, State: state}, nil
}

// verdict of a packed one: the same outcome for the same agent is described once, where it holds no obligations or detail.
func (i *instance) verdict(packed uint32) (Verdict, error) {
	if packed&hasMore != 0 {
		return i.describe(packed)
	}
	agent, ok := i.memory.ReadUint32Le(i.status)
	if !ok {
		return Verdict{}, errNoMemory
	}
	key := uint64(agent)<<32 | uint64(packed)
	if known, ok := i.cached[key]; ok {
		return *known, nil
	}
	described, err := i.describe(packed)
	if err != nil {
		return Verdict{}, err
	}
	if len(i.cached) == maxCached {
		i.cached = map[uint64]*Verdict{}
	}
	i.cached[key] = &described
	return described, nil
}

func (i *instance) describe(packed uint32) (Verdict, error) {
	length, err := i.call(i.describeCall)
	if err != nil {
		return Verdict{}, err
	}
	text, ok := i.memory.Read(i.out, length)
	if !ok {
		return Verdict{}, errNoMemory
	}
	return readVerdict(append([]byte(nil), text...), packed)
}
