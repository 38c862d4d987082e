using System.Diagnostics.Metrics;
using k8s;
using k8s.LeaderElection;
using k8s.LeaderElection.ResourceLock;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Entities;
using KubeOps.Abstractions.Events;
using KubeOps.Abstractions.Reconciliation.Controller;
using KubeOps.Abstractions.Reconciliation.Finalizer;
using KubeOps.Abstractions.Reconciliation.Queue;
using KubeOps.KubernetesClient;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace KubeOps.Operator;

internal sealed class OperatorBuilder : IOperatorBuilder
{
    public OperatorBuilder(IServiceCollection services, OperatorSettings settings)
    {
        Services = services;
        Settings = settings;
        services.AddSingleton(settings);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => KubernetesClientConfiguration.BuildDefaultConfig());
        services.TryAddSingleton<IKubernetes>(s => new Kubernetes(s.GetRequiredService<KubernetesClientConfiguration>()));
        services.TryAddSingleton<IKubernetesClient, KubeOps.KubernetesClient.KubernetesClient>();
        services.TryAddTransient<IEventPublisherFactory, EventPublisherFactory>();
        services.TryAddTransient<EventPublisher>(s => s.GetRequiredService<IEventPublisherFactory>().Create());
        if (settings.EnableMetrics)
        {
            services.AddMetrics();
            services.TryAddSingleton(s => new OperatorMetrics(s.GetRequiredService<IMeterFactory>(), settings.Name));
        }

        if (settings.LeaderElectionType == LeaderElectionType.Single)
        {
            AddLeaderElection();
        }

        services.AddHostedService<OperatorService>();
    }

    public IServiceCollection Services { get; }

    public OperatorSettings Settings { get; }

    public IOperatorBuilder AddController<TImplementation, TEntity>()
        where TImplementation : class, IEntityController<TEntity>
        where TEntity : IKubernetesObject<V1ObjectMeta> =>
        AddPipeline<TImplementation, TEntity>(_ => (_ => ValueTask.FromResult<string?>(null)));

    public IOperatorBuilder AddControllerWithLabelSelector<TImplementation, TEntity, TLabelSelector>()
        where TImplementation : class, IEntityController<TEntity>
        where TEntity : IKubernetesObject<V1ObjectMeta>
        where TLabelSelector : class, IEntityLabelSelector<TEntity>
    {
        Services.TryAddSingleton<TLabelSelector>();
        return AddPipeline<TImplementation, TEntity>(s => s.GetRequiredService<TLabelSelector>().GetLabelSelectorAsync);
    }

    public IOperatorBuilder AddFinalizer<TImplementation, TEntity>(string identifier)
        where TImplementation : class, IEntityFinalizer<TEntity>
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        Services.TryAddTransient<TImplementation>();
        Services.AddSingleton(new FinalizerRegistration(typeof(TEntity), typeof(TImplementation), identifier));
        Services.TryAddTransient<EntityFinalizerAttacher<TImplementation, TEntity>>(s => (entity, cancellationToken) =>
            entity.AddFinalizer(identifier) ? s.GetRequiredService<IKubernetesClient>().UpdateAsync(entity, cancellationToken) : Task.FromResult(entity));
        return this;
    }

    private OperatorBuilder AddPipeline<TImplementation, TEntity>(Func<IServiceProvider, Func<CancellationToken, ValueTask<string?>>> selector)
        where TImplementation : class, IEntityController<TEntity>
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        var index = Services.Count(d => d.ServiceType == typeof(IPipeline<TEntity>));
        Services.TryAddScoped<TImplementation>();
        Services.AddSingleton<IPipeline<TEntity>>(s => new Pipeline<TEntity>(
            ActivatorUtilities.CreateInstance<Reconciler<TImplementation, TEntity>>(s),
            s.GetRequiredService<IKubernetesClient>(),
            Settings,
            selector(s),
            s.GetService<OperatorMetrics>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<Pipeline<TEntity>>>()));
        Services.AddSingleton<IPipeline>(s => s.GetServices<IPipeline<TEntity>>().ElementAt(index));
        Services.TryAddTransient<EntityQueue<TEntity>>(s => (entity, type, source, queueIn, _, cancellationToken) => Task.FromResult(
            !cancellationToken.IsCancellationRequested
            && s.GetServices<IPipeline<TEntity>>().Aggregate(false, (any, p) => p.Add(entity, type, source, queueIn) || any)));
        return this;
    }

    private void AddLeaderElection()
    {
        // Two processes on one machine must not be taken for one.
        var identity = $"{Environment.MachineName}_{Guid.NewGuid():N}";
        Services.TryAddSingleton<ILock>(s => new LeaseLock(
            s.GetRequiredService<IKubernetes>(), s.GetRequiredService<IKubernetesClient>().GetCurrentNamespace(), $"{Settings.Name}-leader", identity));
        Services.TryAddSingleton(s => new LeaderElectionConfig(s.GetRequiredService<ILock>())
        {
            LeaseDuration = Settings.LeaderElectionLeaseDuration,
            RenewDeadline = Settings.LeaderElectionRenewDeadline,
            RetryPeriod = Settings.LeaderElectionRetryPeriod,
        });
        Services.TryAddSingleton(s => new LeaderElector(s.GetRequiredService<LeaderElectionConfig>()));
    }
}
