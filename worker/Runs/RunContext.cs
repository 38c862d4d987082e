using LightReasoner.Worker.Reporting;

namespace LightReasoner.Worker.Runs;

/// <summary>What every run has at hand while it works.</summary>
/// <param name="Devices">What the run works on; models are loaded on the first.</param>
/// <param name="Inputs">Fingerprints of all that goes in (<see cref="RunInputs"/>).</param>
/// <param name="PlanOnly">Whether nothing is to be done but to say what would be.</param>
/// <param name="AllShards">Whether the plan is for all shards together.</param>
internal sealed record RunContext(
    Manifest Manifest, int Shard, RunOutput Output, RunReferences References, ModelSources Models, IReadOnlyList<torch.Device> Devices,
    ProgressFeed Progress, MlflowTracking? Tracking, TimeProvider Time, JsonObject Inputs, bool PlanOnly, bool AllShards,
    CancellationToken Stop)
{
    /// <summary>Says what is planned, to the person and (in short) to the operator, and refuses it where the machine has no room for
    /// it.</summary>
    internal void Announce(RunPlan plan)
    {
        foreach (var line in plan.Lines(this)) Progress.Say(line);
        plan.Check(this);
        Progress.Update(report => report with { Message = plan.Gist(this), PredictedMemory = plan.Memory.Total });
    }
}
