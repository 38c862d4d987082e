using System.Diagnostics.Metrics;
using k8s;
using k8s.LeaderElection;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Events;
using KubeOps.Abstractions.Reconciliation.Controller;
using KubeOps.Abstractions.Reconciliation.Queue;
using KubeOps.KubernetesClient;
using KubeOps.Operator.LeaderElection;
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
        services.TryAddTransient<EventPublisher>(s => ActivatorUtilities.CreateInstance<EventWriter>(s).PublishAsync);
        services.AddMetrics();
        services.TryAddSingleton(s => new OperatorMetrics(s.GetRequiredService<IMeterFactory>(), settings.Name));
        if (settings.LeaderElectionType == LeaderElectionType.Single)
        {
            services.TryAddSingleton<ILeaderElectorFactory, KubernetesLeaderElectorFactory>();
            services.TryAddSingleton(s => s.GetRequiredService<ILeaderElectorFactory>().CreateElector());
        }

        services.AddHostedService<OperatorService>();
    }

    public IServiceCollection Services { get; }

    public OperatorSettings Settings { get; }

    public IOperatorBuilder AddController<TImplementation, TEntity>()
        where TImplementation : class, IEntityController<TEntity>
        where TEntity : IKubernetesObject<V1ObjectMeta>
    {
        Services.AddScoped<TImplementation>();
        Services.AddSingleton(s => new Pipeline<TEntity>(
            ActivatorUtilities.CreateInstance<Reconciler<TImplementation, TEntity>>(s),
            s.GetRequiredService<IKubernetesClient>(),
            Settings,
            s.GetRequiredService<OperatorMetrics>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<Pipeline<TEntity>>>()));
        Services.AddSingleton<IPipeline>(s => s.GetRequiredService<Pipeline<TEntity>>());
        Services.AddTransient<EntityQueue<TEntity>>(s => (entity, type, source, queueIn, _, cancellationToken) => Task.FromResult(
            !cancellationToken.IsCancellationRequested && s.GetRequiredService<Pipeline<TEntity>>().Add(entity, type, source, queueIn)));
        return this;
    }
}
