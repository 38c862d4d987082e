using LightReasoner.Worker.Native;
using TorchSharp;
using TorchSharp.Interop;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Graphs;

/// <summary>
/// What CUDA graphs do, on the CPU: notes every operator call of a body and later makes just these calls again on the same memory. Only operators are seen, so the models must not use
/// the kernels of worker/Native, which they do in float32 where there is AVX-512.
/// </summary>
internal sealed class SoftwareRecorder : IStepRecorder, ICallListener
{
    private List<RecordedCall>? _calls;

    /// <summary>The steps recorded so far.</summary>
    public List<Step> Steps { get; } = [];

    /// <summary>Which recording fails, from 1.</summary>
    public int? FailsAt { get; init; }

    /// <summary>Which replay of a step fails, halfway, from 1.</summary>
    public int? ReplayFailsAt { get; init; }

    /// <summary>Replays read the rows' lengths as they were when the step was recorded, as if they had come from the host.</summary>
    public bool Stale { get; init; }

    /// <summary>Why recording was given up.</summary>
    public List<string> Reasons { get; } = [];

    public bool Trusted => Reasons.Count == 0;

    public IRecordedStep Record(Func<Tensor> body)
    {
        body().Dispose();
        Assert.Null(Operator.Listener);
        _calls = [];
        Operator.Listener = this;
        Tensor output;
        try
        {
            output = body().DetachFromDisposeScope();
            if (Steps.Count + 1 == FailsAt)
                throw new InvalidOperationException("no room for another graph");
        }
        finally
        {
            Operator.Listener = null;
        }
        Steps.Add(new Step(_calls, output, Stale, ReplayFailsAt));
        output.fill_(double.NaN); // while a CUDA graph is recorded nothing is computed
        return Steps[^1];
    }

    public void Distrust(string reason) => Reasons.Add(reason);

    public void Called(Operator called, ReadOnlySpan<Argument> arguments, ReadOnlySpan<Value> results) => _calls!.Add(new RecordedCall(called, arguments, results));

    public void Dispose()
    {
    }

    public sealed class Step : IRecordedStep
    {
        private readonly int? _failsAt;
        private readonly (Tensor Input, Tensor Value)[] _stale = [];

        public Step(List<RecordedCall> calls, Tensor output, bool stale, int? failsAt)
        {
            (Calls, Output, _failsAt) = (calls, output, failsAt);
            var made = new HashSet<nint>();
            foreach (var call in calls)
            {
                Given.AddRange(call.Inputs.Where(input => !made.Contains(Address(input))));
                made.UnionWith(call.Results.Select(Address));
            }
            if (stale)
                _stale = [.. Given.Where(input => input.dtype == ScalarType.Int64 && input.dim() == 1).Select(input => (input, input.clone().DetachFromDisposeScope()))];
        }

        public List<RecordedCall> Calls { get; }

        /// <summary>Inputs that no call of the step made: weights, cache, tables, ids and lengths.</summary>
        public List<Tensor> Given { get; } = [];

        public Tensor Output { get; }

        public int Replays { get; private set; }

        public void Replay()
        {
            Assert.False(Output.IsInvalid, "a step was replayed after its end");
            Replays++;
            var (listener, values) = (Operator.Listener, Array.ConvertAll(_stale, stale => stale.Input.clone()));
            Operator.Listener = null;
            foreach (var (input, value) in _stale)
                input.copy_(value);
            foreach (var call in Replays == _failsAt ? Calls[..(Calls.Count / 2)] : Calls)
                call.Replay();
            for (var i = 0; i < values.Length; i++)
                _stale[i].Input.copy_(values[i]);
            Operator.Listener = listener;
            if (Replays == _failsAt)
                throw new InvalidOperationException("the launch failed");
        }

        public void Dispose()
        {
            foreach (var call in Calls)
                call.Dispose();
            foreach (var (_, value) in _stale)
                value.Dispose();
            Output.Dispose();
        }

        public static unsafe nint Address(Tensor tensor) => (nint)tensor.DataPointer;
    }
}
