namespace LightReasoner.Worker.Tests.FineTuning;

/// <summary>Tests that draw from torch's global generator, count operators or measure the process; they run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public class TorchGeneratorCollection
{
    public const string Name = "torch's global generator";
}
