using k8s;
using k8s.Models;
using KubeOps.Abstractions.Reconciliation.Controller;
using Microsoft.Extensions.DependencyInjection;

namespace KubeOps.Abstractions.Builder;

public interface IOperatorBuilder
{
    IServiceCollection Services { get; }

    OperatorSettings Settings { get; }

    IOperatorBuilder AddController<TImplementation, TEntity>()
        where TImplementation : class, IEntityController<TEntity>
        where TEntity : IKubernetesObject<V1ObjectMeta>;
}
