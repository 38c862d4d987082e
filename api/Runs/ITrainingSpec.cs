namespace LightReasoner.Api;

/// <summary>What fine-tuning and refinement configure in the same fields; each record has its own defaults.</summary>
public interface ITrainingSpec
{
    /// <inheritdoc cref="FineTuneTraining.BatchSize"/>
    int BatchSize { get; }

    /// <inheritdoc cref="FineTuneTraining.LearningRate"/>
    double LearningRate { get; }

    /// <inheritdoc cref="FineTuneTraining.Scheduler"/>
    SchedulerType Scheduler { get; }

    /// <inheritdoc cref="FineTuneTraining.WeightDecay"/>
    double WeightDecay { get; }

    /// <inheritdoc cref="FineTuneTraining.MaxGradNorm"/>
    double MaxGradNorm { get; }

    /// <inheritdoc cref="FineTuneTraining.Betas"/>
    IReadOnlyList<double> Betas { get; }

    /// <inheritdoc cref="FineTuneTraining.MaxLength"/>
    int MaxLength { get; }

    /// <inheritdoc cref="FineTuneTraining.SaveSteps"/>
    int SaveSteps { get; }

    /// <inheritdoc cref="FineTuneTraining.SaveMinutes"/>
    int SaveMinutes { get; }

    /// <inheritdoc cref="FineTuneTraining.SaveTotalLimit"/>
    int SaveTotalLimit { get; }

    /// <inheritdoc cref="FineTuneTraining.LoggingSteps"/>
    int? LoggingSteps { get; }

    /// <inheritdoc cref="FineTuneTraining.GradientCheckpointing"/>
    bool GradientCheckpointing { get; }

    /// <inheritdoc cref="FineTuneTraining.Resume"/>
    ResumeMode Resume { get; }
}
