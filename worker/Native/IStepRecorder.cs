using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// Records what a body asks of the device, so that all of it can be asked again in one call. Whatever the host contributed stays as it was when the body was recorded: values, shapes,
/// and the addresses of tensors. Recorded steps of one recorder share memory and are replayed one at a time.
/// </summary>
internal interface IStepRecorder : IDisposable
{
    /// <summary>False once something went wrong; then nothing more is recorded or replayed.</summary>
    bool Trusted { get; }

    /// <summary>Records a body, which may run more than once for it.</summary>
    /// <param name="body">Calls operators on tensors that outlive the recording, and returns its result.</param>
    IRecordedStep Record(Func<Tensor> body);

    /// <summary>Gives recording up, in the whole process where that is what the recorder stands for, and says why, once.</summary>
    void Distrust(string reason);
}

/// <summary>A recorded body. To be disposed of before its recorder.</summary>
internal interface IRecordedStep : IDisposable
{
    /// <summary>What the body returned, always the same memory: undefined until the first replay, and until the next replay of any step of the recorder.</summary>
    Tensor Output { get; }

    /// <summary>Does what the body did, with what its tensors hold now, behind what the device was asked before.</summary>
    void Replay();
}
