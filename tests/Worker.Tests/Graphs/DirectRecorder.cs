using LightReasoner.Worker.Native;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Graphs;

/// <summary>Records nothing: a replay runs the body. What recorded steps are compared with, to the last bit.</summary>
internal sealed class DirectRecorder : IStepRecorder
{
    public bool Trusted => true;

    public IRecordedStep Record(Func<Tensor> body) => new Step(body);

    public void Distrust(string reason) => Assert.Fail(reason);

    public void Dispose()
    {
    }

    private sealed class Step(Func<Tensor> body) : IRecordedStep
    {
        public Tensor Output { get; } = body().DetachFromDisposeScope();

        public void Replay()
        {
            using var output = body();
            Output.copy_(output);
        }

        public void Dispose() => Output.Dispose();
    }
}
