/** Stylesheets are for the bundler. */
declare module 'graphiql/style.css';
