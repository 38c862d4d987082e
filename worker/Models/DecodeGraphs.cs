using LightReasoner.Worker.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Recorded decode steps over one cache. A step is a few new tokens for each row; on a GPU the time it takes is that of a thousand small launches, and a recorded step is one launch. Steps that
/// have their number of new tokens and their reach, rounded up, in common are the same step: what else changes lies on the device.
/// </summary>
internal sealed class DecodeGraphs : IDisposable
{
    /// <summary>Most new tokens per row; passes over more are bound by arithmetic.</summary>
    public const int MaxLength = 8;

    /// <summary>Most steps recorded for a cache.</summary>
    public const int MaxSteps = 24;

    // Reaches are rounded up to one of this many, at least so far apart: a recorded step attends to all of its reach.
    private const int Reaches = 8, ReachStep = 128;

    // Recording takes as long as a few steps, so a step that comes once or twice is not worth it.
    private const int RecordedFrom = 3;

    [ThreadStatic] private static long s_replays;

    private readonly CausalLM _model;
    private readonly KvCache _cache;
    private readonly IStepRecorder _recorder;
    private readonly Tensor _turns, _lengths; // [4, positions, headDim]; [batch]
    private readonly Dictionary<(int Length, int Reach), Step> _steps = [];

    private DecodeGraphs(CausalLM model, KvCache cache, IStepRecorder recorder)
    {
        (_model, _cache, _recorder) = (model, cache, recorder);
        using var _ = no_grad();
        _turns = model.Turns(cache.Capacity + 1).DetachFromDisposeScope();
        _lengths = zeros([cache.Batch], dtype: ScalarType.Int64, device: model.Device).DetachFromDisposeScope();
    }

    /// <summary>Steps of this thread so far that were replays.</summary>
    public static long Replays => s_replays;

    /// <summary>For the decode steps of a model over a cache, which both outlive it; null where steps are not recorded.</summary>
    public static DecodeGraphs? For(CausalLM model, KvCache cache) => model.NewStepRecorder() is { } recorder ? new DecodeGraphs(model, cache, recorder) : null;

    /// <summary>The reach of the step that is recorded for a reach.</summary>
    public static int RoundedReach(int reach, int capacity)
    {
        var apart = RoundUp((capacity + Reaches - 1) / Reaches, ReachStep);
        return Math.Min(RoundUp(reach, apart), capacity);
    }

    /// <summary>
    /// The hidden states of new tokens, which <see cref="CausalLM.Hidden"/> would give but for the rounding of the arithmetic, if the step is recorded or becomes so now; else null, and nothing is done.
    /// </summary>
    /// <param name="ids">Token ids [batch, length], int64.</param>
    /// <param name="newLengths">How many columns of each row are real.</param>
    public Tensor? TryRun(Tensor ids, int[] newLengths)
    {
        var length = (int)ids.size(1);
        if (length > MaxLength || _model.training || !_recorder.Trusted)
            return null;
        _cache.CheckRoom((int)ids.size(0), length, newLengths);
        if (StepOf(length, RoundedReach(_cache.Reach(newLengths), _cache.Capacity)) is not { } step || ++step.Seen < RecordedFrom)
            return null;

        using var _ = no_grad();
        using var scope = NewDisposeScope();
        step.Ids.copy_(ids);
        _cache.Lengths.Onto(_lengths);
        Tensor? hidden = null;
        try
        {
            hidden = step.Recorded is null ? Record(step) : step.Proven ? Replay(step) : Prove(step);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _recorder.Distrust($"a decode step could not be {(step.Recorded is null ? "recorded" : "replayed")}: {e.Message}");
        }
        if (hidden is not null)
            _cache.Advance(newLengths);
        return hidden?.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var step in _steps.Values)
            step.Dispose();
        _lengths.Dispose();
        _turns.Dispose();
        _recorder.Dispose();
    }

    private Step? StepOf(int length, int reach)
    {
        if (!_steps.TryGetValue((length, reach), out var step) && _steps.Count < MaxSteps)
            _steps.Add((length, reach), step = new Step(zeros([_cache.Batch, length], dtype: ScalarType.Int64, device: _model.Device).DetachFromDisposeScope(), reach));
        return step;
    }

    private Tensor Compute(Step step) => _model.HiddenFromDevice(step.Ids, _cache, _lengths, step.Reach, _turns);

    private static Tensor Replay(Step step)
    {
        step.Recorded!.Replay();
        s_replays++;
        return step.Recorded.Output.clone(); // the next replay overwrites it, and hidden states are small
    }

    /// <summary>This time the step is computed; recording writes nothing else than that to the cache, or nothing at all.</summary>
    private Tensor Record(Step step)
    {
        var hidden = Compute(step);
        step.Recorded = _recorder.Record(() => Compute(step));
        return hidden;
    }

    /// <summary>
    /// The first replay, which is another step than the one that was recorded, beside the same step computed. Unless they agree, the cache is put back to what it was before, and the
    /// step is left to the caller.
    /// </summary>
    private Tensor? Prove(Step step)
    {
        using var before = _cache.Copy();
        try
        {
            var expected = Compute(step);
            step.Recorded!.Replay();
            var difference = RelativeDifference(step.Recorded.Output, expected);
            step.Proven = difference <= (expected.dtype is ScalarType.BFloat16 or ScalarType.Float16 ? 1e-2 : 1e-4);
            if (step.Proven)
                return expected;
            _recorder.Distrust($"the first replay of a decode step differed from the step itself by {difference:G2} of its size");
            return null;
        }
        finally
        {
            if (!step.Proven)
                _cache.CopyFrom(before);
        }
    }

    private static double RelativeDifference(Tensor actual, Tensor expected)
    {
        using var host = new HostCopy();
        var (wide, norms) = (expected.to(ScalarType.Float32), new Tensor[2]);
        (norms[0], norms[1]) = (actual.to(ScalarType.Float32).sub_(wide).norm(), wide.norm());
        var values = host.Add<float>(stack(norms));
        host.Wait();
        return values.Span[0] / (double)values.Span[1];
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    private sealed class Step(Tensor ids, int reach) : IDisposable
    {
        public Tensor Ids { get; } = ids; // [batch, length]

        public int Reach { get; } = reach;

        /// <summary>How often it came.</summary>
        public int Seen { get; set; }

        public IRecordedStep? Recorded { get; set; }

        /// <summary>Whether a replay has been compared.</summary>
        public bool Proven { get; set; }

        public void Dispose()
        {
            Recorded?.Dispose();
            Ids.Dispose();
        }
    }
}
