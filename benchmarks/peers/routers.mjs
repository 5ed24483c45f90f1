// @ts-nocheck The peers are installed by `npm run bench` alone.
import findMyWay from 'find-my-way';
import Router from 'router';

const nothing = () => undefined;

/** Look-ups in tables of so many paths, each with all that is below it. @param {readonly string[]} paths */
export function routers(paths) {
  const tree = findMyWay();
  const list = Router();
  for (const path of paths) {
    tree.on('GET', path, nothing);
    tree.on('GET', `${path}/*`, nothing);
    list.use(path, (_req, _res, next) => next('router'));
  }
  return {
    'find-my-way (Fastify)': (path) => tree.find('GET', path),
    'router (Express)': (path) => {
      list({ method: 'GET', url: path }, {}, nothing);
      return true;
    },
  };
}
