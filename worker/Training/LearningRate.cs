namespace LightReasoner.Worker.Training;

/// <summary>The learning rate over a run: the factors of transformers' get_linear/cosine/constant_schedule_with_warmup.</summary>
internal static class LearningRate
{
    /// <summary>The factor that the peak rate is multiplied by at a step (counted from 0).</summary>
    public static double Factor(SchedulerType scheduler, long step, long warmupSteps, long totalSteps)
    {
        if (step < warmupSteps)
            return (double)step / Math.Max(1, warmupSteps);
        var progress = (double)(step - warmupSteps) / Math.Max(1, totalSteps - warmupSteps);
        return scheduler switch
        {
            SchedulerType.Constant => 1,
            SchedulerType.Cosine => Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress))),
            _ => Math.Max(0, 1 - progress),
        };
    }
}
