using LightReasoner.Api;
using LightReasoner.Worker.Training;

namespace LightReasoner.Worker.Tests.FineTuning;

/// <summary>The factors of transformers' get_*_schedule_with_warmup.</summary>
public class LearningRateTests
{
    [Theory]
    [InlineData(SchedulerType.Linear, 0, 0)]
    [InlineData(SchedulerType.Linear, 5, 0.5)]
    [InlineData(SchedulerType.Linear, 10, 1)]
    [InlineData(SchedulerType.Linear, 55, 0.5)]
    [InlineData(SchedulerType.Linear, 100, 0)]
    [InlineData(SchedulerType.Cosine, 10, 1)]
    [InlineData(SchedulerType.Cosine, 40, 0.75)]
    [InlineData(SchedulerType.Cosine, 100, 0)]
    [InlineData(SchedulerType.Constant, 3, 0.3)]
    [InlineData(SchedulerType.Constant, 99, 1)]
    public void Factor_TenOfHundredStepsWarmUp_FollowsTransformers(SchedulerType scheduler, long step, double expected) =>
        Assert.Equal(expected, LearningRate.Factor(scheduler, step, 10, 100), 1e-12);

    [Fact]
    public void Factor_NoWarmUp_StartsAtThePeak() => Assert.Equal(1, LearningRate.Factor(SchedulerType.Linear, 0, 0, 100));
}
